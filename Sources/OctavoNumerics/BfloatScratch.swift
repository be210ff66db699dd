internal import CKernels
import Synchronization

/// Memory that products in bfloat16 lay their operands out in: as many pieces as were ever used at once,
/// kept, since fetching one from the system takes longer than a small product.
final class BfloatScratch: Sendable {
    /// That of the process.
    static let shared = BfloatScratch()

    /// Memory that whoever holds it writes alone.
    @safe
    private struct Piece: @unchecked Sendable {
        let memory: UnsafeMutableRawPointer

        init() {
            unsafe memory = UnsafeMutableRawPointer.allocate(
                byteCount: octavo_bfloat_scratch(),
                alignment: 64
            )
        }
    }

    private let free = Mutex<[Piece]>([])

    /// Calls `body` with memory that nobody else uses meanwhile.
    func use(_ body: (UnsafeMutableRawPointer) -> Void) {
        let piece = free.withLock { $0.popLast() } ?? Piece()
        unsafe body(piece.memory)
        free.withLock { $0.append(piece) }
    }
}
