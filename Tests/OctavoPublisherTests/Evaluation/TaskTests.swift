import Foundation
import OctavoBase
import OctavoCheckpoint
@testable import OctavoModel
@testable import OctavoPublisher
import OctavoTestSupport
import Testing

/// Multiple-choice tasks, beside what lm-eval makes of them (`Fixtures/tasks/make.py`).
@Suite("Multiple-choice tasks")
struct TaskTests {
    private static let folder = packageRoot + "/Tests/OctavoPublisherTests/Fixtures/tasks"

    private func golden() throws -> JSON {
        try JSON(parsing: readFile(Self.folder + "/golden.json"))
    }

    @Test("likelihoods are those that lm-eval computes with transformers")
    func likelihoodsAgree() throws {
        let model = try OpenModel(Self.folder + "/model")
        let task = try TaskFile(Self.folder + "/sea.jsonl")
        let tokens = try TokenizedTask(task, for: model)
        let found = try model.languageModel().likelihoods(
            of: tokens.continuations,
            tokensAtOnce: 40
        )
        let expected = try #require(try golden()["questions"]?.array)
        let logarithms = expected.flatMap { $0["logarithms"]?.array ?? [] }.compactMap(\.number)
        let greedy = expected.flatMap { $0["greedy"]?.array ?? [] }.compactMap(\.bool)
        try #require(found.count == 20 && logarithms.count == 20)
        // Two float32 implementations that sum in different orders agree to a few 1e-6 of a logit.
        for (a, b) in zip(found, logarithms) { #expect(abs(a.logarithm - b) < 2e-4 * abs(b)) }
        #expect(found.map(\.isGreedy) == greedy)
        #expect(!tokens.addsBeginToken && tokens.truncated == 0)
    }

    @Test(
        "accuracies and standard errors are those of lm-eval, with one batch or many, beside an original"
    )
    func scoresAgree() throws {
        let model = try OpenModel(Self.folder + "/model")
        let request = MeasurementRequest(
            tasks: [Self.folder + "/sea.jsonl"],
            prompts: [],
            measuresSpeed: false,
            threads: 2
        )
        let measured = try measure(model, original: model, request)
        let report = try #require(measured.tasks.first)
        let golden = try golden()
        #expect(report.name == "sea" && report.questions == 8)
        #expect(report.score.plain.value == golden["acc"]?.number)
        #expect(report.score.normalized.value == golden["acc_norm"]?.number)
        // The same formula in another order of operations: a few units in the last place.
        for (found, key) in [
            (report.score.plain, "acc_stderr"), (report.score.normalized, "acc_norm_stderr"),
        ] {
            let expected = try #require(golden[key]?.number)
            #expect(abs((found.standardError ?? -1) - expected) < 1e-12)
        }
        #expect(report.original == report.score)
    }

    /// Of 10 answers 7 right: the sample's variance is (7 · 0.3² + 3 · 0.7²) / 9, and the error its root over √10.
    @Test("the standard error is the sample's deviation over the root of the number")
    func standardErrors() throws {
        let seven = Accuracy(right: 7, of: 10)
        let byHand = ((7 * 0.09 + 3 * 0.49) / 9 / 10).squareRoot()
        #expect(abs((seven.standardError ?? 0) - byHand) < 1e-15)
        #expect(Accuracy(right: 1, of: 1).standardError == nil)
        #expect(Accuracy(right: 0, of: 4).standardError == 0)
        #expect(accuracyText(seven) == "70.0 ± 15.3 %")
        #expect(accuracyText(Accuracy(right: 1, of: 1)) == "100.0 %")
    }

    /// The tokenizer's merges cross from "un" to "able": the choice then has all that the query alone would not.
    @Test("a token that spans the boundary belongs to the choice")
    func boundaries() throws {
        let model = try OpenModel(Self.folder + "/model")
        func tokens(_ query: String, _ choice: String) throws -> Continuation {
            let file = TaskFile(
                name: "t",
                questions: [TaskQuestion(query: query, choices: [choice, "x"], answer: 0)]
            )
            return try #require(try TokenizedTask(file, for: model).continuations.first)
        }
        let tokenizer = try model.tokenizer()
        for (query, choice, joined) in [
            ("The sea is", "wide", "The sea is wide"), ("The sea is ", "wide", "The sea is wide"),
            ("The sea is", " wide", "The sea is wide"), ("a\n", "b", "a\nb"),
        ] {
            let found = try tokens(query, choice)
            #expect(found.tokens == (try tokenizer.encode(joined, addSpecialTokens: false)))
            #expect(0 < found.contextCount && found.contextCount < found.tokens.count)
        }
        // Nothing before it: the model's first token stands there.
        #expect(try tokens("", "wide").tokens.first == 0)
        #expect(try tokens("", "wide").contextCount == 1)
    }

    @Test(
        "the usual spellings of a question are read",
        arguments: [
            (#"{"query": "q", "choices": ["a", "b"], "gold": 1}"#, 1),
            (#"{"context": "q", "choices": ["a", "b"], "label": 0}"#, 0),
            (#"{"ctx": "q", "ctx_a": "z", "endings": ["a", "b", "c"], "label": "2"}"#, 2),
            (
                #"{"question": "q", "choices": {"text": ["a", "b"], "label": ["1", "2"]}, "answerKey": "1"}"#,
                0
            ),
            (#"{"question": "q", "options": ["a", "b"], "answer": "B"}"#, 1),
            (#"{"goal": "q", "sol1": "a", "sol2": "b", "label": 1}"#, 1),
            (#"{"prompt": "q", "choices": ["yes", "no"], "target": "no", "id": 3}"#, 1),
            ("  {\"query\": \"q\", \"choices\": [\"a\", \"b\"], \"gold\": 1}\r", 1),
        ]
    )
    func readsSpellings(line: String, answer: Int) throws {
        let question = try TaskQuestion(line: Array(line.utf8))
        #expect(question.query == "q" && question.answer == answer)
        #expect(question.choices.count >= 2)
    }

    @Test(
        "what would be a guess is refused by its words",
        arguments: [
            (#"{"choices": ["a", "b"], "gold": 1}"#, "no \"query\""),
            (#"{"query": "q", "context": "r", "choices": ["a", "b"], "gold": 1}"#, "both"),
            (#"{"query": "q", "choices": ["a", "b"], "gold": 1, "label": 0}"#, "both"),
            (#"{"query": "q", "choices": ["a"], "gold": 0}"#, "1 choices"),
            (#"{"query": "q", "choices": ["a", ""], "gold": 0}"#, "empty"),
            (#"{"query": "q", "choices": ["a", 1], "gold": 0}"#, "no text"),
            (#"{"query": "q", "choices": ["a", "b"], "gold": 2}"#, "is 2"),
            (#"{"query": "q", "choices": ["a", "b"], "gold": -1}"#, "is -1"),
            (#"{"query": "q", "choices": ["a", "b"], "gold": 1.0}"#, "fraction"),
            (#"{"query": "q", "choices": ["a", "b"], "gold": "C"}"#, "\"C\""),
            (#"{"query": "q", "choices": ["1", "0"], "gold": "1"}"#, "may mean"),
            (#"{"query": "q", "choices": ["B", "A"], "gold": "A"}"#, "may mean"),
            (#"{"query": 3, "choices": ["a", "b"], "gold": 1}"#, "whole number"),
            (
                #"{"query": "q", "choices": {"text": ["a", "b"], "label": ["x"]}, "gold": 1}"#,
                "choices"
            ),
            (
                #"{"query": "q", "choices": {"text": ["a", "b"], "label": ["x", "x"]}, "gold": "x"}"#,
                "labels"
            ),
            (
                #"{"query": "q", "choices": {"text": ["a", "b"], "label": ["x", "y"]}, "gold": "z"}"#,
                "one of x, y"
            ),
            (#"[1]"#, "an array"), (#"{"query": "q", "query": "r"}"#, "not JSON"),
            ("{", "not JSON"),
        ]
    )
    func refusesGuesses(line: String, words: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = joined(directory, "task.jsonl")
            try AtomicFile.write("\n" + line + "\n", to: path)
            let error = #expect(throws: TaskFileError.self) { try TaskFile(path) }
            let text = String(describing: error)
            #expect(text.contains("line 2") && text.contains(words), "\(text)")
        }
    }

    @Test(
        "an empty task, and a question without tokens, are refused; long queries lose their beginning"
    )
    func limits() async throws {
        try await withTemporaryDirectory { directory in
            let path = joined(directory, "task.jsonl")
            try AtomicFile.write("\n \n", to: path)
            #expect(throws: TaskFileError.empty(path)) { try TaskFile(path) }
            let model = try OpenModel(Self.folder + "/model")
            func task(_ query: String, _ choices: [String]) throws -> TokenizedTask {
                try TokenizedTask(
                    TaskFile(
                        name: "t",
                        questions: [TaskQuestion(query: query, choices: choices, answer: 0)]
                    ),
                    for: model
                )
            }
            let long = try task(String(repeating: "zq", count: 100), ["x", "y"])
            #expect(long.truncated == 2)
            // All but the last token are read: that is one more than the context.
            #expect(long.continuations.allSatisfy { $0.tokens.count == 65 })
            #expect(throws: TaskFileError.noTokens(task: "t", question: 1)) {
                try task("q", ["x", String(repeating: "zq", count: 100)])
            }
        }
    }
}

extension TaskFile {
    /// A task that is in no file.
    fileprivate init(name: String, questions: [TaskQuestion]) {
        self.init(name: name, digest: Digest(of: ""), questions: questions)
    }
}
