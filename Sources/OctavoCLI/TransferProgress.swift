import OctavoHub
import OctavoPublisher

extension ProgressPrinter {
    /// What a transfer calls.
    var transferHandler: @Sendable (TransferProgress) -> Void {
        { transfer in
            let size = transfer.totalBytes > 0 ? byteText(transfer.totalBytes) : ""
            self.handler(
                Progress(
                    transfer.path.isEmpty
                        ? transfer.phase.rawValue : "\(transfer.phase.rawValue) \(transfer.path)",
                    0,
                    of: 1,
                    detail: transfer.completedBytes > 0
                        ? "\(byteText(transfer.completedBytes)) of \(size)" : size
                )
            )
        }
    }
}
