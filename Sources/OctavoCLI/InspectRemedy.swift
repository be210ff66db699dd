import OctavoCheckpoint
import OctavoPublisher

/// What to do about a finding of `octavo inspect`.
func remedy(for finding: InspectionFinding) -> String {
    switch finding {
    case .reader(let finding): remedy(for: finding.code)
    case .unreadable: "fetch the model again, or ask its publisher to repair it"
    case .contradictions:
        "fetch the model again: config.json and the weights do not belong together"
    case .noTokenizer: "copy tokenizer.json from where the model came from"
    }
}

private func remedy(for code: ReaderFinding.Code) -> String {
    switch code {
    case .oldType, .looseField, .absentField, .oldSpelling, .newSpelling, .notListed,
        .listedThoughQuantized, .transposedCodes, .codeType, .scaleShape, .wideFloats:
        "octavo convert MODEL OUT --to hf-aqlm"
    case .newRotary, .oldRotary: "octavo convert MODEL OUT --to safetensors, or hf-aqlm"
    case .cpuKernel: "there, load it as float32 and with NUMBA_NUM_THREADS=1"
    case .tallGroups, .narrowRows: "use another reader, or octavo convert MODEL OUT --to dense"
    case .experts: "use transformers 4, or octavo convert MODEL OUT --to dense"
    case .fusedLinears, .denseLinears: "use transformers"
    case .bfloat16: "load it there as float16"
    case .wideRows: "compare with another reader before use"
    }
}
