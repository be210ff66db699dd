/// What is wrong with a pickle: one case for each way it can lie, or ask for what is not given.
///
/// The rules are those of formats/pytorch.md.
public struct PickleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public enum Reason: Hashable, Sendable {
        /// K1: the pickle is larger than Octavo accepts.
        case tooLarge(Int)
        /// K1: more instructions than Octavo follows.
        case tooManyInstructions
        /// K1: more tensors than Octavo accepts.
        case tooManyTensors
        /// K1: more values wait on the stack than any dictionary of tensors needs.
        case tooDeep
        /// K2: the bytes end inside an instruction, or before the pickle does.
        case truncated
        /// K2: something follows the end.
        case trailing
        /// K2: the pickle does not begin by saying that it is of protocol 2; what it says instead.
        case badProtocol(UInt8?)
        /// K3: an instruction that no dictionary of tensors needs.
        case forbiddenInstruction(UInt8)
        /// K4: a global that no dictionary of tensors needs.
        case forbiddenGlobal(String)
        /// K5: an instruction finds other values than it works on.
        case unexpected(String, expected: String)
        /// K5: a value is fetched that was never kept, or kept out of order.
        case badMemo(Int)
        /// K5: a text is not UTF-8, or a number is beyond 64 bits.
        case badLiteral
    }

    /// What was wrong.
    public let reason: Reason
    /// Where, in bytes from the start of the pickle.
    public let offset: Int

    /// Whether the pickle asks for something that is not given, rather than being malformed.
    public var isRequest: Bool {
        switch reason {
        case .forbiddenGlobal, .forbiddenInstruction: true
        default: false
        }
    }

    /// As a clause: what was found and what was expected.
    public var description: String {
        switch reason {
        case .tooLarge(let size):
            "the pickle has \(size) bytes, expected at most \(Unpickler.longest)"
        case .tooManyInstructions:
            "the pickle has more than \(Unpickler.mostInstructions) instructions"
        case .tooManyTensors:
            "the pickle has more than \(Unpickler.mostTensors) tensors"
        case .tooDeep: "the pickle piles up more than \(Unpickler.deepest) values"
        case .truncated: "the pickle ends too early (at byte \(offset))"
        case .trailing: "something follows the pickle (at byte \(offset))"
        case .badProtocol(let found?): "a pickle of protocol \(found), expected 2"
        case .badProtocol(nil): "a pickle that does not name its protocol, expected 2"
        case .forbiddenInstruction(let byte):
            "the pickle has the instruction 0x\(String(byte, radix: 16)), which no tensor needs "
                + "(at byte \(offset))"
        case .forbiddenGlobal(let name):
            "the pickle asks for \(name.debugDescription), which no tensor needs "
                + "(at byte \(offset)); nothing was run"
        case .unexpected(let found, let expected):
            "the pickle has \(found) where it must have \(expected) (at byte \(offset))"
        case .badMemo(let index):
            "the pickle's memory has no place \(index) (at byte \(offset))"
        case .badLiteral: "a text or a number in the pickle is malformed (at byte \(offset))"
        }
    }
}
