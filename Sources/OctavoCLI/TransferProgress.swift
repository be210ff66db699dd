import OctavoHub
import OctavoPublisher

extension ProgressPrinter {
    /// What a transfer calls.
    var transferHandler: @Sendable (TransferProgress) -> Void {
        { transfer in
            let phase = transfer.phase.rawValue
            self.handler(
                Progress(
                    transfer.path.isEmpty ? phase : "\(phase) \(transfer.path)",
                    transfer.completedBytes,
                    of: transfer.totalBytes,
                    unit: .bytes
                )
            )
        }
    }
}
