/// The instructions of a pickle that are followed, of protocol 2: what a dictionary of tensors, and the
/// numbers and lists that training leaves beside one, are written with.
enum PickleOpcode: UInt8 {
    case mark = 0x28  // (
    case emptyTuple = 0x29  // )
    case stop = 0x2E  // .
    case binaryFloat = 0x47  // G
    case int32 = 0x4A  // J
    case uint8 = 0x4B  // K
    case uint16 = 0x4D  // M
    case none = 0x4E  // N
    case persistentID = 0x51  // Q
    case reduce = 0x52  // R
    case unicode = 0x58  // X
    case emptyList = 0x5D  // ]
    case append = 0x61  // a
    case build = 0x62  // b
    case global = 0x63  // c
    case appends = 0x65  // e
    case get = 0x68  // h
    case longGet = 0x6A  // j
    case put = 0x71  // q
    case longPut = 0x72  // r
    case setItem = 0x73  // s
    case tuple = 0x74  // t
    case setItems = 0x75  // u
    case emptyDictionary = 0x7D  // }
    case protocolVersion = 0x80
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case newTrue = 0x88
    case newFalse = 0x89
    case long = 0x8A
}

/// Instructions that name a global in other ways than `GLOBAL`: those of old and new protocols.
enum PickleGlobalOpcode: UInt8 {
    /// Names a class in the text, and makes an object of it.
    case inst = 0x69
    /// Names a global by the two texts on the stack.
    case stackGlobal = 0x93
}
