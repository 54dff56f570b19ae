namespace Gateway.Mail.Messages;

/// <summary>Why a piece of a message was refused.</summary>
/// <param name="Code">Stable and machine-readable, such as <c>control_character</c>.</param>
/// <param name="Message">Plain English for the sender; says what would be accepted.</param>
/// <param name="Position">Index of the offending UTF-16 unit.</param>
public readonly record struct HeaderError(string Code, string Message, int Position);
