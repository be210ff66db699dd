/// The version of this tool, as it stands in every artifact and card it makes.
public let octavoVersion = "0.1.0"
