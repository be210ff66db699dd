import OctavoBase
import OctavoTestSupport
import Testing

@Suite("How the command line is used")
struct UsageTests {
    @Test(
        "wrong usage ends with 64, and says why on standard error",
        arguments: [
            "fold model out", "quantize", "quantize model out", "quantize model out --scheme 2x8",
            "quantize model out --scheme 0x8g8", "quantize model out --scheme 2x17g8",
            "quantize model out --scheme 2x8g8 --seed -1",
            "quantize model out --scheme 2x8g8 --threads 0",
            "quantize model out --scheme 2x8g8 --effort most",
            "quantize model out --scheme 2x8g8 --targets none",
            "quantize model out --scheme 2x8g8 --precision double",
            "quantize model out --scheme 2x8g8 --block-tuning-epochs -1",
            "quantize model out --scheme 2x8g8 --memory 4XB",
            "quantize model out --scheme 2x8g8 --except =dense",
            "quantize model out --scheme 2x8g8 --max-shard-size 0", "convert model out",
            "convert model out --to gguf2", "convert model out --to dense --dtype f8",
            "convert model out --to dense --max-shard-size 99999999TB", "evaluate model",
            "evaluate model --text a --tokens b", "evaluate model --text a --logits b",
            "evaluate model --text a --sequence-length 1", "evaluate model --text a --windows 0",
            "generate model", "generate model --prompt a --temperature -1",
            "generate model --prompt a --temperature nan",
            "generate model --prompt a --max-tokens 0",
            "generate model --prompt a --max-tokens 9223372036854775807",
            "generate model --prompt a --message b", "generate model --prompt a --system b",
            "generate model --prompt a --top-k 0", "generate model --prompt a --top-p 0",
            "generate model --prompt a --min-p 1.5", "generate model --prompt a --seed -1",
            "generate model --prompt a --repetition-penalty 0",
            "generate model --prompt a --repetition-window 0",
            "generate model --prompt a --stop=",
            "serve", "serve model --host 0.0.0.0", "serve model --host example.org",
            "serve model --api-key-file k --no-key", "serve model --queue -1",
            "serve model --context 0", "serve model --port 65536", "serve model --model-name=",
            "verify", "verify model --no-inference --teacher model", "inspect",
            "evaluate model --text a --max-tokens 3", "evaluate model --speed --teacher b",
            "evaluate model --samples --tokens a", "evaluate model --prompt a --max-tokens 0",
            "card", "card --check a --license mit", "card a --json",
            "card a --license mit --license-name b",
            "inspect model extra", "verify model --digests --level bytes",
            "verify model --level some", "verify model --digests --key k.pub.pem",
            "verify model --level origin --remote a/b", "verify hub:a/b --remote a/b",
            "verify model --level bytes --teacher model", "sign model", "key create",
            "key create k", "key create k.pem --curve P-224",
            "key create k.pem --passphrase-file p",
            "publish", "publish a --only card --from card", "publish a --skip-push --only push",
            "publish a --only all", "push model", "push model a/b --tag v1 --create-pr", "pull",
            "hub serve",
            "hub serve --root hub --port 65536",
            "hub token create --root hub --user a --role admin", "hub token revoke --root hub",
            "hub serve --root hub --public-url ftp://a",
            "hub serve --root hub --public-url https://a?b",
            "hub serve --root hub --quota 0", "hub serve --root hub --max-requests 0",
            "hub gc", "hub gc --root hub --older-than 5", "hub gc --root hub --older-than -1h",
            "hub access grant --root hub --repo a/b --user c --role admin",
        ]
    )
    func wrongUsage(arguments: String) async throws {
        try await withSandbox { box in
            let finished = try await box.run(arguments)
            #expect(finished.status == 64)
            #expect(finished.output.isEmpty)
            #expect(finished.notes.contains("Usage: octavo"))
            #expect(try box.entries(except: []) == [])
        }
    }

    @Test(
        "every verb explains itself and shows an example",
        arguments: [
            "", "inspect", "convert", "quantize", "evaluate", "generate", "verify", "card", "push",
            "pull", "hub", "hub serve", "hub token", "hub token create", "hub token list",
            "hub token revoke", "hub access", "hub access grant", "hub access revoke",
            "hub access list", "hub gc", "sign", "key", "key create", "key show", "serve",
        ]
    )
    func explains(verb: String) async throws {
        try await withSandbox { box in
            let help = try await box.succeed("\(verb) --help")
            let examples = try #require(help.output.split(separator: "Example").dropFirst().first)
            #expect(examples.contains("octavo \(verb)"))
            #expect(help.notes.isEmpty)
        }
    }

    @Test("the version is a version")
    func version() async throws {
        try await withSandbox { box in
            let output = try await box.succeed("--version").output
            #expect(output.wholeMatch(of: /\d+\.\d+\.\d+(-[a-z0-9.]+)?\n/) != nil, "\(output)")
        }
    }
}
