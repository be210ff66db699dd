import OctavoBase
import OctavoPublisher

// What to do about errors of measuring, describing, signing and publishing.

func advice(on error: SigningError) -> String? {
    switch error {
    case .file(let error): remedy(for: error)
    case .key(_, .passphraseNeeded): "give its passphrase with --passphrase-file"
    case .key(_, .wrongPassphrase): "give the passphrase that it was encrypted with"
    case .key(_, .isPrivate):
        "name its public half, as in KEY.pub.pem, and keep this one to yourself"
    case .key(_, .isPublic): "name its private half, as in KEY.pem"
    case .key: "make a key with `octavo key create`, or with openssl as docs/verification.md shows"
    case .passphrase: "put the passphrase into the file's first line"
    case .notADirectory: "put the file into a directory of its own and sign that"
    case .nothingToSign, .tooManyFiles: "name the directory that holds the model"
    case .notAFile: "put the file itself in the link's place, or leave it out with --ignore"
    case .ignoredPath: "write it as in --ignore README.md"
    }
}

func advice(on error: PassphraseError) -> String {
    switch error {
    case .noTerminal: "give the passphrase with --passphrase-file"
    case .unusable, .differs, .cancelled: "run the command again"
    }
}

func advice(on error: EvaluationError) -> String {
    switch error {
    case .tooShort, .windowTooLong: "choose another --sequence-length"
    case .vocabulariesDiffer: "compare with the model it was made from"
    case .badTokens: "write token ids as [1, 2, 3]"
    case .promptTooLong: "give a shorter --prompt"
    }
}

func advice(on error: TaskFileError) -> String {
    switch error {
    case .line: "correct the line, or remove it; docs/evaluation.md has the format"
    case .empty: "give a file with one question a line; docs/evaluation.md has the format"
    case .noTokens: "correct the question, or remove it"
    }
}

func advice(on error: CardError) -> String? {
    switch error {
    case .noRecord: "name a model that `octavo quantize` or `octavo tune` wrote"
    case .noEvaluation: "give a file that one of these commands wrote"
    case .gated: "read its terms, and repeat the command with --accept-license if you accept them"
    case .noLicense: "state it with --license, as in --license apache-2.0"
    case .licenseName: "give both --license-name and --license-link"
    case .faulty: "correct the template or the texts given; docs/model-card.md has the rules"
    case .badFacts: "correct the file; docs/model-card.md has the format"
    }
}

func advice(on error: FrontMatterError) -> String {
    "correct the card's metadata, or take the facts from a directory without README.md and state --license"
}

func advice(on error: CardTemplateError) -> String {
    "docs/model-card.md lists what a template may hold"
}

func advice(on error: PublishingError) -> String? {
    switch error {
    case .unfinished(let stage):
        "go on with the same command and --resume, or begin it anew with --from \(stage.kind.rawValue)"
    case .notReady: "run the command without --only"
    case .baseMoved:
        "write the commit as `revision:` into the manifest to stay with it, or take the new one with --from source"
    case .license: "correct `license:` in the manifest once you know that you may publish it"
    case .foreignRepository:
        "name a repository of your own, or open a pull request with `pull_request: true`"
    case .readOnlyToken: "make a token that may write and give it as HF_TOKEN"
    case .inUse: "wait until it has ended, or choose another folder with --work"
    case .doesNotHold(let output, _):
        "make it anew with --from output; `octavo verify` tells all about \(output)"
    case .noRepository: "write `repository: OWNER/NAME` into the output, or use --skip-push"
    case .noHub: "set HF_ENDPOINT"
    case .isPublic: "make the repository private on the hub first, or leave `private:` away"
    case .damagedState: "remove the file; what was made before is then made again"
    case .noSuchStage: "choose a stage that `octavo publish --plan` shows"
    }
}
