/// Every datagram of a capture of the PyPI packages `kademlia` 2.2.3 and `rpcudp` 5.0.1: what it is,
/// and its bytes.
enum Fixture {
  static let datagrams: [(what: String, hex: String)] = [
    (
      "REQ ping",
      """
      002c921394864f1368286d78956664d6b8f900308692a470696e6791c4144ddb9a2f273ce4cccccc6172635d\
      e0a669c36818
      """
    ),
    (
      "RSP ping bytes",
      """
      012c921394864f1368286d78956664d6b8f9003086c41451545fc418644addd60fc68498a3e68dfd011ff8
      """
    ),
    (
      "REQ find_node",
      """
      009159ab7fdc98f6a9dd65aa1232ac209062b2e6a992a966696e645f6e6f646592c4144ddb9a2f273ce4cccc\
      cc6172635de0a669c36818c4144ddb9a2f273ce4cccccc6172635de0a669c36818
      """
    ),
    (
      "RSP find_node list empty",
      """
      019159ab7fdc98f6a9dd65aa1232ac209062b2e6a990
      """
    ),
    (
      "REQ ping",
      """
      00a87238b5336a4749dcfa1d62edd9246ae5af4ca992a470696e6791c414a3cc15479ea7a18ca9eabcfcbfc9\
      a16560f08c43
      """
    ),
    (
      "RSP ping bytes",
      """
      01a87238b5336a4749dcfa1d62edd9246ae5af4ca9c41451545fc418644addd60fc68498a3e68dfd011ff8
      """
    ),
    (
      "REQ find_node",
      """
      002b5d87a59013e715b7b568dacb6f4e58550a59e092a966696e645f6e6f646592c414a3cc15479ea7a18ca9\
      eabcfcbfc9a16560f08c43c414a3cc15479ea7a18ca9eabcfcbfc9a16560f08c43
      """
    ),
    (
      "RSP find_node list",
      """
      012b5d87a59013e715b7b568dacb6f4e58550a59e09193c4144ddb9a2f273ce4cccccc6172635de0a669c368\
      18a93132372e302e302e31cdc907
      """
    ),
    (
      "RSP find_node list",
      """
      0177b281ca9ffaa82cab7e88982115f9bceb9dfe8e9193c41451545fc418644addd60fc68498a3e68dfd011f\
      f8a93132372e302e302e31cdc555
      """
    ),
    (
      "REQ find_value",
      """
      009e188564ef2b672bf88a28f2f421a26b75cf43a592aa66696e645f76616c756592c41451545fc418644add\
      d60fc68498a3e68dfd011ff8c414a74db1465c9754b28e6f2c31fee27e1f0b1ebe83
      """
    ),
    (
      "REQ find_value",
      """
      0068df24e5e1c9f8f4b3df238ee9cd53ba1045539d92aa66696e645f76616c756592c41451545fc418644add\
      d60fc68498a3e68dfd011ff8c414a74db1465c9754b28e6f2c31fee27e1f0b1ebe83
      """
    ),
    (
      "RSP find_value list",
      """
      0168df24e5e1c9f8f4b3df238ee9cd53ba1045539d9193c414a3cc15479ea7a18ca9eabcfcbfc9a16560f08c\
      43a93132372e302e302e31cd90b5
      """
    ),
    (
      "RSP find_value list",
      """
      019e188564ef2b672bf88a28f2f421a26b75cf43a59193c4144ddb9a2f273ce4cccccc6172635de0a669c368\
      18a93132372e302e302e31cdc907
      """
    ),
    (
      "REQ store",
      """
      0066a438efcdd5464837213dba559a9e7c57091c6e92a573746f726593c41451545fc418644addd60fc68498\
      a3e68dfd011ff8c414a74db1465c9754b28e6f2c31fee27e1f0b1ebe83d9397b2274797065223a20226a736f\
      6e222c202264617461223a20225c225b5c5c5c223132372e302e302e313a35343838355c5c5c225d5c22227d
      """
    ),
    (
      "REQ store",
      """
      00e06fa18a028d2ce8eafcad1ab9fe2b4a9df9eb6e92a573746f726593c41451545fc418644addd60fc68498\
      a3e68dfd011ff8c414a74db1465c9754b28e6f2c31fee27e1f0b1ebe83d9397b2274797065223a20226a736f\
      6e222c202264617461223a20225c225b5c5c5c223132372e302e302e313a35343838355c5c5c225d5c22227d
      """
    ),
    (
      "RSP store bool",
      """
      01e06fa18a028d2ce8eafcad1ab9fe2b4a9df9eb6ec3
      """
    ),
    (
      "RSP store bool",
      """
      0166a438efcdd5464837213dba559a9e7c57091c6ec3
      """
    ),
    (
      "RSP find_value dict",
      """
      019ac27999d926a314db3bb82d87506d56a59ec82081a576616c7565d9397b2274797065223a20226a736f6e\
      222c202264617461223a20225c225b5c5c5c223132372e302e302e313a35343838355c5c5c225d5c22227d
      """
    ),
    (
      "RSP find_value dict",
      """
      010a735a6991713b88cd0f913fca0f864a85e268fa81a576616c7565d9397b2274797065223a20226a736f6e\
      222c202264617461223a20225c225b5c5c5c223132372e302e302e313a35343838355c5c5c225d5c22227d
      """
    ),
  ]
}
