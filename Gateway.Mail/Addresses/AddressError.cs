namespace Gateway.Mail.Addresses;

/// <summary>Why an address was refused.</summary>
/// <param name="Code">Stable and machine-readable, such as <c>domain_label_too_long</c>.</param>
/// <param name="Message">Plain English for the sender; says what would be accepted.</param>
/// <param name="Position">Index of the offending UTF-16 unit in the text that was parsed.</param>
public readonly record struct AddressError(string Code, string Message, int Position);
