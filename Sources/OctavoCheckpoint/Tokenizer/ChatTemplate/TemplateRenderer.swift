/// Carries out a template.
///
/// Each node costs a step, and text and lists that are made cost steps by their size: what a template
/// does is bounded whatever it says.
struct TemplateRenderer {
    /// What one rendering may take.
    static let mostSteps = 4_000_000
    /// The bytes of text it may make.
    static let mostOutput = 1 << 24
    private static let mostCalls = 8

    /// How a body ended.
    private enum End { case usual, leave, next }

    /// Globals, what stands at the top, and a scope for each loop and macro around.
    private var scopes: [[String: TemplateValue]]
    var namespaces: [TemplateObject] = []
    private var macros: [String: TemplateStatement.Macro] = [:]
    private var output = ""
    private var stepsLeft = Self.mostSteps
    private var calls = 0

    /// Renders statements with some values.
    static func render(
        _ statements: [TemplateStatement],
        with values: [String: TemplateValue]
    ) throws(ChatTemplateError) -> String {
        var renderer = TemplateRenderer(values)
        _ = try renderer.run(statements)
        return renderer.output
    }

    private init(_ values: [String: TemplateValue]) {
        var globals = values
        for name in ["raise_exception", "namespace", "range"] { globals[name] = .function(name) }
        scopes = [globals, [:]]
    }

    /// Takes note of work.
    mutating func charge(_ steps: Int) throws(ChatTemplateError) {
        stepsLeft -= min(steps, Self.mostSteps)
        if stepsLeft < 0 { throw .limit("more than \(Self.mostSteps) steps") }
    }

    private mutating func write(_ text: String) throws(ChatTemplateError) {
        guard output.utf8.count + text.utf8.count <= Self.mostOutput else {
            throw .limit("more than \(Self.mostOutput) bytes of text")
        }
        output += text
    }

    private mutating func set(_ name: String, _ value: TemplateValue) {
        scopes[scopes.count - 1][name] = value
    }

    func lookUp(_ name: String) -> TemplateValue {
        for scope in scopes.reversed() { if let value = scope[name] { return value } }
        return macros[name] == nil ? .undefined(name) : .function(name)
    }

    // MARK: Statements

    private mutating func run(_ statements: [TemplateStatement]) throws(ChatTemplateError) -> End {
        for statement in statements {
            try charge(1)
            switch statement {
            case .text(let text): try write(text)
            case .output(let expression):
                try write(try text(of: try value(expression)))
            case .branches(let branches):
                for (condition, body) in branches {
                    if let condition, try !value(condition).isTrue { continue }
                    let end = try run(body)
                    guard end == .usual else { return end }
                    break
                }
            case .loop(let loop):
                try run(loop)
            case .set(let names, let expression):
                try assign(names, try value(expression))
            case .setAttribute(let name, let attribute, let expression):
                guard case .namespace(let index) = lookUp(name) else {
                    throw .failed("\(name) is set an attribute but is no namespace")
                }
                namespaces[index][attribute] = try value(expression)
            case .setBlock(let name, let body):
                set(
                    name,
                    .string(try captured { (r) throws(ChatTemplateError) in _ = try r.run(body) })
                )
            case .macro(let macro): macros[macro.name] = macro
            case .leaveLoop: return .leave
            case .nextTurn: return .next
            }
        }
        return .usual
    }

    /// What a body writes, instead of writing it.
    private mutating func captured(
        _ body: (inout TemplateRenderer) throws(ChatTemplateError) -> Void
    ) throws(ChatTemplateError) -> String {
        let before = output
        output = ""
        try body(&self)
        defer { output = before }
        return output
    }

    private mutating func assign(
        _ names: [String],
        _ value: TemplateValue
    ) throws(ChatTemplateError) {
        guard names.count > 1 else {
            set(names[0], value)
            return
        }
        guard case .list(let items) = value, items.count == names.count else {
            throw .failed("\(value.typeName) is not \(names.count) values")
        }
        for (name, item) in zip(names, items) { set(name, item) }
    }

    private mutating func run(_ loop: TemplateStatement.Loop) throws(ChatTemplateError) {
        var items = try self.items(of: try value(loop.items))
        if let filter = loop.filter {
            var kept: [TemplateValue] = []
            for item in items {
                scopes.append([:])
                try assign(loop.names, item)
                if try value(filter).isTrue { kept.append(item) }
                scopes.removeLast()
            }
            items = kept
        }
        // As in jinja2, a turn that `continue` or `break` ends does not count for `else`.
        var isUsed = false
        for (index, item) in items.enumerated() {
            try charge(1)
            scopes.append(["loop": .object(Self.state(index, items))])
            try assign(loop.names, item)
            let end = try run(loop.body)
            scopes.removeLast()
            if end == .leave { break }
            if end == .usual { isUsed = true }
        }
        if !isUsed { _ = try run(loop.otherwise) }
    }

    /// What a loop knows of itself.
    private static func state(_ index: Int, _ items: [TemplateValue]) -> TemplateObject {
        var state = TemplateObject()
        state["index"] = .integer(index + 1)
        state["index0"] = .integer(index)
        state["revindex"] = .integer(items.count - index)
        state["revindex0"] = .integer(items.count - index - 1)
        state["first"] = .bool(index == 0)
        state["last"] = .bool(index == items.count - 1)
        state["length"] = .integer(items.count)
        if index > 0 { state["previtem"] = items[index - 1] }
        if index + 1 < items.count { state["nextitem"] = items[index + 1] }
        return state
    }

    // MARK: Functions

    mutating func call(
        _ name: String,
        _ arguments: [TemplateValue],
        _ named: [(name: String, value: TemplateValue)]
    ) throws(ChatTemplateError) -> TemplateValue {
        if let macro = macros[name] { return try call(macro, arguments, named) }
        switch name {
        case "raise_exception":
            throw .refused(arguments.first?.printed ?? "")
        case "namespace":
            var object = TemplateObject()
            for (name, value) in named { object[name] = value }
            namespaces.append(object)
            return .namespace(namespaces.count - 1)
        default:
            let numbers = arguments.compactMap(\.whole)
            guard numbers.count == arguments.count, (1...3).contains(numbers.count), named.isEmpty
            else { throw .failed("range takes one to three whole numbers") }
            let start = numbers.count > 1 ? numbers[0] : 0
            let end = numbers.count > 1 ? numbers[1] : numbers[0]
            let step = numbers.count > 2 ? numbers[2] : 1
            guard step != 0, [start, end, step].allSatisfy({ abs($0) < 1 << 40 }) else {
                throw .failed("range takes a step other than zero")
            }
            let numbersInRange = stride(from: start, to: end, by: step)
            try charge(max(0, (end - start) / step))
            return .list(numbersInRange.map(TemplateValue.integer))
        }
    }

    private mutating func call(
        _ macro: TemplateStatement.Macro,
        _ arguments: [TemplateValue],
        _ named: [(name: String, value: TemplateValue)]
    ) throws(ChatTemplateError) -> TemplateValue {
        guard calls < Self.mostCalls else {
            throw .limit("macros that call each other more than \(Self.mostCalls) deep")
        }
        guard arguments.count <= macro.parameters.count else {
            throw .failed("the macro \(macro.name) takes \(macro.parameters.count) arguments")
        }
        for (name, _) in named where !macro.parameters.contains(where: { $0.name == name }) {
            throw .failed("the macro \(macro.name) takes no argument \(name)")
        }
        let outer = scopes
        scopes = Array(outer[..<2]) + [[:]]
        calls += 1
        defer {
            scopes = outer
            calls -= 1
        }
        for (index, parameter) in macro.parameters.enumerated() {
            if index < arguments.count {
                set(parameter.name, arguments[index])
            } else if let given = named.first(where: { $0.name == parameter.name }) {
                set(parameter.name, given.value)
            } else if let value = parameter.value {
                set(parameter.name, try self.value(value))
            } else {
                set(parameter.name, .undefined(parameter.name))
            }
        }
        return .string(
            try captured { (r) throws(ChatTemplateError) in _ = try r.run(macro.body) }
        )
    }
}
