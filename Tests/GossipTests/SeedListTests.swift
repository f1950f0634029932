import Participants
import Testing

@Suite("The seed list") struct SeedListTests {
  @Test(
    "Seeds are read in order, each once, whatever ends the lines",
    arguments: ["\n", "\r\n", " \n\n", "\t\r\n\r\n"])
  func lines(end: String) throws {
    let text = ["127.0.0.1:5000", "[::1]:5001", "127.0.0.1:5000"].map { $0 + end }.joined()
    #expect(
      try SeedList(parsing: text).seeds == [
        Address(host: "127.0.0.1", port: 5000), Address(host: "::1", port: 5001),
      ])
  }

  @Test(
    "A line that is no address is named with its number",
    arguments: ["127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:5000 first", ":5000"])
  func badLine(line: String) {
    let error = #expect(throws: SeedListError.self) {
      try SeedList(parsing: "127.0.0.1:5000\r\n\r\n\(line)\r\n")
    }
    #expect(error?.line == 3)
    #expect(error?.found == line)
  }
}
