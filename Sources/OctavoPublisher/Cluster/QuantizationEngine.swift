/// Who does the work of a quantization.
public enum QuantizationEngine: String, CaseIterable, Sendable {
    /// This process.
    case local
    /// Whoever runs the tasks of a folder: make, GNU parallel, Kubernetes.
    case tasks
    /// Slurm, as job arrays.
    case slurm
}
