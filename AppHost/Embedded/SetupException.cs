namespace AppHost.Embedded;

/// <summary>The machine lacks something; the message says what, and the command that helps. Shown without a stack.</summary>
public sealed class SetupException(string message, Exception? inner = null) : Exception(message, inner);
