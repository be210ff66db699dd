import OctavoBase
import OctavoContainer
import OctavoModel
import OctavoQuantizer

/// The work of a quantization that is not finished, in a folder `OUTPUT.partial` beside its output.
///
/// `journal.json` holds what the run was begun with, `calibration.safetensors` its tokens, and
/// `model.layers.N.….safetensors` each linear that is done, `model.norm.safetensors` the
/// final norm; each file appears whole or not at all. All
/// that can change the result must be the same when the run is taken up again; only paths may differ.
struct FolderJournal: QuantizationJournal {
    private let folder: PartialFolder
    /// What is done.
    let files: JournalFiles

    /// The folder.
    var path: String { folder.path }

    /// Opens the journal of an output: a new one, or the one that is there if `resume` says so.
    init(
        for output: String,
        identity: JSON,
        resume: Bool,
        scheme: Scheme,
        configuration: ModelConfiguration
    ) throws {
        folder = try PartialFolder(for: output, keepsWork: true)
        files = JournalFiles(path: folder.path, scheme: scheme, configuration: configuration)
        try folder.begin(identity: identity, resume: resume)
    }

    /// Whether unfinished work on an output is there.
    static func isThere(for output: String) throws -> Bool {
        fileKind(
            joined(try PartialFolder.vacant(output) + ".partial", PartialFolder.journalFile)
        ) == .file
    }

    /// Removes the journal if nothing was done yet that would be worth taking up.
    func discardIfEmpty() throws { try folder.discardIfEmpty() }

    /// An empty folder for the files of the output.
    func makeArtifact() throws -> String { try folder.makeArtifact() }

    /// Where a container of the artifact is put together.
    var containerFile: String { joined(path, "artifact" + ContainerFile.suffix) }

    /// Gives the artifact, or its container, the output's name and removes the journal.
    func commit(_ made: String) throws { try folder.commit(made) }

    func linear(_ name: LinearName, block: Int) throws -> QuantizedLinear? {
        try files.linear(name, block: block)
    }

    func keep(_ linear: QuantizedLinear, _ name: LinearName, block: Int) throws {
        try files.keep(linear, name, block: block)
    }

    func tunedParameters(block: Int) throws -> TunedParameters? {
        try files.tunedParameters(block: block)
    }

    func keep(_ tuned: TunedParameters, block: Int) throws { try files.keep(tuned, block: block) }

    func finalNorm() throws -> FinalNorm? { try files.finalNorm() }

    func keep(_ norm: FinalNorm) throws { try files.keep(norm) }

    /// The calibration sequences that the run was begun with, or nil if it did not get that far.
    func calibration() throws -> [[Int]]? { try files.calibration() }

    /// Keeps the calibration sequences.
    func keep(calibration sequences: [[Int]]) throws { try files.keep(calibration: sequences) }
}
