/// An expression of a template.
///
/// Chains of operators are flat, so that only brackets nest.
indirect enum TemplateExpression: Sendable {
    case literal(TemplateValue)
    case name(String)
    case list([TemplateExpression])
    case object([(key: TemplateExpression, value: TemplateExpression)])
    case not(TemplateExpression)
    case negative(TemplateExpression)
    case conditional(TemplateExpression, if: TemplateExpression, else: TemplateExpression?)
    case any([TemplateExpression])
    case all([TemplateExpression])
    case comparison(TemplateExpression, [(Comparison, TemplateExpression)])
    case arithmetic(TemplateExpression, [(Operator, TemplateExpression)])
    case concatenation([TemplateExpression])
    case chain(TemplateExpression, [Link])

    enum Comparison: String, Sendable {
        case equal = "=="
        case unequal = "!="
        case less = "<"
        case atMost = "<="
        case more = ">"
        case atLeast = ">="
        case within = "in"
        case without = "not in"
    }

    enum Operator: String, Sendable {
        case plus = "+"
        case minus = "-"
        case times = "*"
        case over = "/"
        case quotient = "//"
        case remainder = "%"
    }

    /// What follows a value: each is applied to what stands before it.
    enum Link: Sendable {
        case attribute(String)
        case item(TemplateExpression)
        case slice(TemplateExpression?, TemplateExpression?, TemplateExpression?)
        case call(Arguments)
        case method(String, Arguments)
        case filter(String, Arguments)
        case test(String, isNegated: Bool, Arguments)
    }

    struct Arguments: Sendable {
        var positional: [TemplateExpression] = []
        var named: [(name: String, value: TemplateExpression)] = []
    }
}

/// A statement of a template.
indirect enum TemplateStatement: Sendable {
    case text(String)
    case output(TemplateExpression)
    /// Conditions with their bodies; that of `else` has none.
    case branches([(condition: TemplateExpression?, body: [TemplateStatement])])
    case loop(Loop)
    case set([String], TemplateExpression)
    case setAttribute(of: String, String, TemplateExpression)
    case setBlock(String, [TemplateStatement])
    case macro(Macro)
    case leaveLoop
    case nextTurn

    struct Loop: Sendable {
        var names: [String]
        var items: TemplateExpression
        var filter: TemplateExpression?
        var body: [TemplateStatement]
        var otherwise: [TemplateStatement]
    }

    struct Macro: Sendable {
        var name: String
        var parameters: [(name: String, value: TemplateExpression?)]
        var body: [TemplateStatement]
    }
}
