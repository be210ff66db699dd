import OctavoBase
import Testing

@testable import OctavoCheckpoint

@Suite("Chat templates")
struct ChatTemplateTests {
    /// Templates in the manner of eleven families, each with conversations that fit and that do not.
    @Test("conversations are rendered as transformers renders them")
    func rendersAsTransformers() throws {
        var count = 0
        for item in try fixtureItems("chat/templates.json") {
            let (name, template) = (
                try item.string("name"), try ChatTemplate(item.string("template"))
            )
            for test in try item.array("cases") {
                let tools = test["tools"]
                let asks = test["add_generation_prompt"] == true
                let context = "\(name), \(try test.string("conversation")), \(asks)"
                let text = try? template.render(
                    test.array("messages"),
                    tools: tools == .null ? nil : tools,
                    beginToken: "<s>",
                    endToken: "</s>",
                    asksForAnswer: asks
                )
                #expect(text == test["expected"]?.string, "\(context)")
                count += 1
            }
        }
        #expect(count == 319)
    }

    @Test("expressions and statements come to what jinja2 makes of them")
    func snippets() throws {
        let fixture = try JSON(parsing: readFile(fixture("chat/snippets.json")))
        var values: [String: TemplateValue] = [:]
        for (key, value) in try fixture.object("values") { values[key] = TemplateValue(value) }
        let cases = try fixture.array("cases")
        #expect(cases.count > 60)
        for test in cases {
            let template = try test.string("template")
            let text = try? TemplateRenderer.render(
                TemplateParser.statements(of: template),
                with: values
            )
            #expect(text == test["expected"]?.string, "\(template)")
        }
    }

    @Test(
        "what is not supported is refused by name and line",
        arguments: [
            ("a\n{% include 'x' %}", "the statement include at line 2"),
            ("{% raw %}{{ x }}{% endraw %}", "the statement raw at line 1"),
            ("\n\n{{ x | md5 }}", "the filter md5 at line 3"),
            ("{{ x.append(1) }}", "the method append at line 1"),
            ("{{ x is callable }}", "the test callable at line 1"),
            ("{{ 2 ** 8 }}", "the operator ** at line 1"),
            ("{{ f(*x) }}", "arguments from a list at line 1"),
            ("{% for x in y recursive %}{% endfor %}", "a recursive loop at line 1"),
            ("{% set x | upper %}a{% endset %}", "a filtered set block at line 1"),
            ("{{ '\\101' }}", "an octal escape at line 1"),
            ("{% call f() %}{% endcall %}", "the statement call at line 1"),
        ]
    )
    func refusesByName(template: String, words: String) {
        #expect {
            _ = try ChatTemplate(template)
        } throws: { "\($0)".contains(words) && "\($0)".contains("not supported") }
    }

    @Test(
        "a template's own refusal and its failures say what is wrong",
        arguments: [
            ("{{ raise_exception('no system messages') }}", "refuses", "no system messages"),
            ("{{ messages[0].text.more }}", "fails", "text is undefined"),
            ("{{ range }}", "fails", "writes the function range"),
            ("{{ messages + 1 }}", "fails", "a list + a number"),
            ("{{ nobody(1) }}", "fails", "nobody, which is undefined"),
            ("{{ 9223372036854775807 + 1 }}", "fails", "too large"),
            ("{{ strftime_now('%Y') }}", "fails", "strftime_now"),
        ]
    )
    func saysWhatIsWrong(template: String, kind: String, words: String) throws {
        let template = try ChatTemplate(template)
        #expect {
            _ = try render(template)
        } throws: { "\($0)".contains(kind) && "\($0)".contains(words) }
    }

    /// Each would go on for hours, fill the memory or overflow the stack.
    private static let endless: KeyValuePairs = [
        "loops in loops":
            "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "a long range": "{% for a in range(999999999999) %}{% endfor %}",
        "text that doubles":
            "{% set ns = namespace(t='x' * 1000000) %}{% for a in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}",
        "lists that double":
            "{% set ns = namespace(l=[1]) %}{% for a in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
        "a long product": "{{ 'x' * 99999999999 }}",
        "a product without a number of bytes": "{{ 'x' * 9223372036854775807 }}",
        "much output": "{% for a in range(1000) %}{{ 'x' * 100000 }}{% endfor %}",
        "a macro that calls itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "values nested in a loop":
            "{% set ns = namespace(l=[]) %}{% for a in range(500) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
        "replacements that grow":
            "{{ '" + String(repeating: "a,", count: 100_000) + "'.replace(',', 'x' * 10000) }}",
    ]

    @Test("a hostile template ends soon, with an error", arguments: endless.map(\.key))
    func endsSoon(name: String) throws {
        let source = try #require(Self.endless.first { $0.key == name }?.value)
        let template = try ChatTemplate(source)
        #expect(throws: ChatTemplateError.self) { _ = try render(template) }
    }

    @Test(
        "nesting without end is refused before it is followed",
        arguments: ["(", "[", "x[", "f(", "1 if 1 else ", "{'a':", "x is eq (", "- ("]
    )
    func refusesDeepExpressions(opening: String) {
        let source = "{{ " + String(repeating: opening, count: 100_000) + "1 }}"
        #expect(throws: ChatTemplateError.self) { _ = try ChatTemplate(source) }
    }

    @Test(
        "statements nested without end are refused before they are followed",
        arguments: ["{% if 1 %}", "{% for x in y %}", "{% set x %}", "{% generation %}"]
    )
    func refusesDeepStatements(opening: String) {
        let source = String(repeating: opening, count: 50_000)
        #expect(throws: ChatTemplateError.self) { _ = try ChatTemplate(source) }
    }

    @Test("long chains of operators do not nest")
    func longChains() throws {
        for part in [" + 1", " - 1", " and 1", " or 0", " ~ ''", " == 1", " * 1"] {
            let chain = "1" + String(repeating: part, count: 20_000)
            _ = try render(try ChatTemplate("{{ \(chain) }}"))
        }
        _ = try render(try ChatTemplate("{{ " + String(repeating: "not ", count: 9999) + "1 }}"))
    }

    private func render(_ template: ChatTemplate) throws -> String {
        try template.render(
            [.object(["role": "user", "content": "Hello"])],
            beginToken: nil,
            endToken: nil,
            asksForAnswer: false
        )
    }
}
