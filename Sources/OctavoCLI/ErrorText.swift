import OctavoBase
import OctavoCheckpoint
import OctavoContainer
import OctavoHub
import OctavoHubServer
import OctavoModel
import OctavoPublisher
import OctavoQuantizer
import OctavoServer

// Libraries say what was found and what was expected; what to do next is said here, where it is known
// which command the reader has typed.

/// An error as a sentence.
///
/// Names in it may be as long as whoever made a file liked.
func sentence(for error: any Error) -> String {
    let text = "\(error)"
    return text.count > 2000 ? text.prefix(2000) + "…" : text
}

/// What to do about an error, or nil where its sentence says it all.
///
/// Advice on one type of error has another name: a function of this name that returns a text would be
/// passed over for this one, which would call itself without end.
func remedy(for error: any Error) -> String? {
    switch error {
    case let error as FileError where error.isDiskFull: "free some space and run the command again"
    case let error as FileError where error.isMissing: "check the path"
    case let error as FileError where error.isTooLarge:
        "no model needs that file so large; fetch it again"
    case let error as CheckpointError: advice(on: error)
    case let error as ContainerError: advice(on: error)
    case is ConfigurationError:
        "see `octavo inspect` for what the model declares; other families are not supported yet"
    case let error as WeightError: advice(on: error)
    case let error as OutputError: advice(on: error)
    case let error as ResumeError: advice(on: error)
    case is ManifestError:
        "manifests/schema.json says what a manifest holds; so does docs/publishing.md"
    case let error as PublishingError: advice(on: error)
    case let error as QuantizationPlanError: advice(on: error)
    case let error as LayerExceptionError: advice(on: error)
    case let error as CalibrationError: advice(on: error)
    case let error as EvaluationError: advice(on: error)
    case let error as TaskFileError: advice(on: error)
    case let error as CardError: advice(on: error)
    case let error as FrontMatterError: advice(on: error)
    case let error as CardTemplateError: advice(on: error)
    case let error as GenerationError: advice(on: error)
    case is PromptFileError:
        "`octavo generate --help` says what is continued; docs/inference.md shows such files"
    case is SamplingError: "the weights are damaged; fetch the model again"
    case is TokenError: "the token ids belong to another model's vocabulary"
    case is TokenizerError, is SentencePieceError:
        "fetch the tokenizer's files again; formats/tokenizer.md says which kinds are supported"
    case is TensorSetError:
        "config.json and the weights do not belong together, or are damaged; fetch the model again"
    case is RateFileError: "name such a file, or leave --rates out to measure this machine"
    case is RecordError: "fetch octavo.json again, or remove it to check the model without it"
    case let error as ClusterError: advice(on: error)
    case let error as HubServer.StartError: advice(on: error)
    case let error as ServerError: advice(on: error)
    case is ServerKeyError: "make one, as with `openssl rand -hex 32 > key.txt`"
    case let error as LinearQuantizationError: advice(on: error.cause)
    case let error as QuantizationError: advice(on: error)
    case is BlockTuningError: "calibrate on other text, or leave out --block-tuning-epochs"
    case let error as ModelError: advice(on: error)
    case let error as TuningError: advice(on: error)
    case let error as ChatFileError: advice(on: error)
    case is StateError: "remove the unfinished work and begin again"
    case let error as HubError: error.remedy
    case is PushError: "make the repository private on the hub first, or push without --private"
    case is RepositoryID.ValidationError: "write a repository as OWNER/NAME"
    case StorageError.notFinite: "the weights are damaged; fetch the model again"
    case is StorageError: "halves cannot hold the model; `octavo convert --dtype bf16` can"
    case is GGUFExportError:
        "write it with --to safetensors; GGUF's readers know only some models of each family"
    case is GGUFVocabularyError:
        "write it with --to safetensors; remove the tokenizer's files for a GGUF file without one"
    case is CardError:
        "run `octavo quantize` to make an artifact, or `octavo evaluate --json` for a measurement"
    case let error as SigningError: advice(on: error)
    case let error as PassphraseError: advice(on: error)
    case is KeyFileError: "choose another name, or move the key away"
    default: nil
    }
}

private func advice(on error: CheckpointError) -> String? {
    switch error {
    case .file(let error): remedy(for: error)
    case .notAModel:
        "name a directory in Hugging Face layout, or a .aqlm, .gguf, .safetensors, .bin, .pt or .pth file"
    case .missingConfig: "copy config.json from where the model came from"
    case .safetensors, .shardIndex, .gguf:
        "the file is damaged or not what it seems; fetch it again and compare its digest"
    case .pytorch(_, let error): advice(on: error)
    case .ggufModel, .undecodable:
        "convert the file with another tool first, or take the original checkpoint"
    case .aqlm: "fetch the model again, or ask its publisher to repair it"
    case .badJSON, .noSuchTensor, .encoded: "fetch the model again"
    case .expansion:
        "no weights are stored in so few bytes; `octavo unpack` or `octavo convert` go through them in pieces"
    }
}

private func advice(on error: ContainerError) -> String {
    switch error.rule {
    case .version, .flags, .requirement, .encoding: "read it with a newer version of Octavo"
    case .magic: "name a file that `octavo pack` made"
    default: "the file is damaged or not what it seems; fetch it again"
    }
}

private func advice(on error: PyTorchError) -> String {
    switch error {
    case .legacy, .tar, .badByteOrder:
        "load it with PyTorch and save it again, or take the model's safetensors"
    case .torchScript, .notTensors:
        "save the model's state_dict() alone, or take its safetensors"
    case .pickle(let error) where error.isRequest:
        "take the model's safetensors; what a checkpoint asks to run is never run"
    default: "the file is damaged or not what it seems; fetch it again and compare its digest"
    }
}

private func advice(on error: LayerExceptionError) -> String {
    switch error {
    case .matchesNothing:
        "write paths as in model.layers.0.mlp.down_proj, with * for any text, as in *.down_proj"
    case .anotherScheme(let exception, _):
        switch exception.treatment {
        case .scheme(let scheme):
            "leave them as they are with \(exception.pattern)=dense, or use \(scheme) for all"
        case .dense: "leave them out"
        }
    case .nothingLeft: "name fewer linears"
    }
}

private func advice(on error: CalibrationError) -> String {
    switch error {
    case .tooShort: "give more text, or lower --sequence-length"
    case .notUTF8: "convert the file to UTF-8"
    case .nothingToBeginWith: "give text files with --calibration"
    case .sequenceTooLong: "lower --sequence-length"
    }
}

private func advice(on error: ClusterError) -> String {
    switch error {
    case .noPlan:
        "name a folder that `octavo quantize --engine` made, on storage that every machine mounts at the same path"
    case .otherPlan:
        "mount the same storage at the same path on every machine, or submit again with --shared DIR"
    case .badPlan: "remove the work directory and plan anew"
    case .otherBinary:
        "let all machines run the binary that made the plan, from shared storage, or plan anew with this one"
    case .sourceChanged: "restore the model as it was, or remove the work directory and plan anew"
    case .noSuchTask: "`octavo job status` lists the tasks"
    case .notDone(_, let problems):
        "run again: "
            + problems.prefix(8).map { "`octavo job run WORKDIR --task \($0.task)`" }
            .joined(separator: ", ")
    case .slices: "remove the work directory and plan anew"
    case .exists:
        "go on with `octavo job submit` or `octavo job wait`, or with --resume; or remove it to begin anew"
    case .targets: "leave --targets out, or name independent"
    case .path: "choose another path"
    case .scheduler(_, let reason) where reason.contains("no such program"):
        "run this on a login node of the cluster, or use --engine tasks and run the tasks with make, parallel or Kubernetes (docs/clusters.md)"
    case .scheduler: "see whether `sinfo` answers, and what --sbatch asks for"
    case .ended:
        "look into logs/ in the work directory, then go on with `octavo job submit`; what is done is kept"
    }
}

private func advice(on error: HubServer.StartError) -> String {
    switch error {
    case .inUse: "stop the other hub, or choose another --root"
    case .cannotListen: "choose another --port; 0 takes a free one"
    }
}

private func advice(on error: ServerError) -> String {
    switch error {
    case .badHost: "name an address of this machine in numbers"
    case .cannotListen: "choose another --port; 0 takes a free one"
    case .ended: "see how many files a process may open (`ulimit -n`), and start it again"
    }
}

private func advice(on error: WeightError) -> String {
    switch error {
    case .shape: "config.json and the tensors do not belong together; fetch the model again"
    case .notFinite: "the weights are damaged; fetch the model again or take another checkpoint"
    }
}

private func advice(on error: OutputError) -> String {
    switch error {
    case .name: "give it a name of its own"
    case .suffix: "name a file as in model.aqlm"
    case .exists: "choose another output, or remove it"
    case .unfinished(let path):
        "go on with the same command and `--resume`, or remove \(path) and begin again"
    case .inUse: "wait until it has ended"
    }
}

private func advice(on error: ResumeError) -> String {
    switch error {
    case .nothing: "run the command without --resume"
    case .differs: "give the same argument, or remove the unfinished work and begin again"
    case .damaged: "remove the unfinished work and begin again"
    }
}

private func advice(on error: QuantizationPlanError) -> String? {
    switch error {
    case .indivisible: "choose a group size that divides every layer's inputs, as in 2x8g8"
    case .scheme: "choose up to 8 codebooks of up to 16 bits"
    case .tensorTooLarge: "the model's config.json or tensors are damaged; fetch it again"
    case .memory(let needed, _):
        "allow it with --memory \(byteText(needed).replacing(" ", with: "")), or take fewer --threads"
    case .argument: "see `octavo quantize --help`"
    case .embeddingsOutsideContainer:
        "name the output as in folded.aqlm; `octavo unpack` gives a directory with plain weights"
    }
}

private func advice(on error: QuantizationError) -> String? {
    switch error {
    case .notFinite(.weights): "the weights are damaged; fetch the model again"
    case .notFinite, .noActivations, .notPositiveDefinite: "calibrate on other text, or more of it"
    default: nil
    }
}

private func advice(on error: ModelError) -> String? {
    switch error {
    case .alreadyQuantized:
        "name the original model, or make a dense one with `octavo convert --to dense`"
    case .notQuantized: "fold it with `octavo quantize`, or write it with --to safetensors"
    case .notPacked: "name a file that `octavo pack` made; other models are read as they are"
    case .noConfiguration: "name a directory that has a config.json beside the weights"
    case .noTokenizer: "copy tokenizer.json from where the model came from"
    case .unsupportedScheme: "convert it with the tool that made it"
    }
}

private func advice(on error: TuningError) -> String {
    switch error {
    case .notQuantized: "make one with `octavo quantize`"
    case .teacher(let needed, _):
        needed ? "name the original with --teacher" : "leave --teacher away"
    case .quantizedTeacher, .differs, .tokenizers, .teacherNotFinite:
        "name the model that this one was quantized from with --teacher"
    case .tooFewSequences: "give longer text, or a smaller --sequence-length"
    case .memory(let needed, _):
        "allow it with --memory \(byteText(needed).replacing(" ", with: "")), take fewer --tokens or "
            + "--batch-tokens, or learn no codes with --update codebooks"
    }
}

private func advice(on error: GenerationError) -> String {
    switch error {
    case .promptTooLong: "shorten the prompt"
    case .slowText: "shorten the prompt, or write it as ordinary text"
    case .emptyPrompt: "give a prompt that is not empty"
    case .noChatTemplate, .template(.syntax), .template(.unsupported), .template(.limit):
        "put a chat_template that fits the model into its tokenizer_config.json, or write the prompt yourself with --prompt"
    case .template: "change the conversation to what the template takes"
    case .conversation: "correct the messages"
    case .stops: "give fewer or other stop strings"
    case .context: "lower --context"
    }
}

private func advice(on error: ChatFileError) -> String {
    switch error {
    case .line: "correct the line, or remove it; `octavo tune --help` shows what one looks like"
    case .empty: "give a conversation in each line, or another file"
    case .noTemplate, .template:
        "put a chat_template that fits the model into its tokenizer_config.json"
    case .nothingLearned: "raise --sequence-length, or give shorter conversations"
    }
}
