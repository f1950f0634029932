import Hashing
import KPTP

/// What the original program was captured sending on 127.0.0.1, or made with its encoder.
enum Fixture: String, CaseIterable {
  case emptyWelcome = "90100006736572766572"
  case welcome = "901040067365727665727f0000011005"
  case heartbeat = "903080067365727665727f00000110057f0000011006"
  case response = "9040400570656572327f0000010fa0"
  case longerResponse = "9040800570656572337f0000010fa07f0000011005"
  case bootstrapRequest = "9038000570726f6265"
  case bootstrapReply = "9008c0067365727665727f00000110057f00000110067f0000019e24"
  case lateWelcome = "9010c0067365727665727f00000110057f00000110067f0000019e24"
  case hello = "9020400570656572327f0000010fa0"
  case namedRequest = "903800057065657232"
  /// 192.168.10.25:5001, of which the original encodes the octets 2 to 4 wrongly.
  case wrongOctets = "90084006736572766572c00702031389"
  /// Named with U+00E9 and U+20AC.
  case oddName = "90100003e920ac"
  /// Of 33 peers, whose count overflows into the type: there is no more of it than the header.
  case overflow = "90184001"

  var bytes: [UInt8] { Hexadecimal.bytes(rawValue) ?? [] }
}
