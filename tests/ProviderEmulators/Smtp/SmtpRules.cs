namespace ProviderEmulators.Smtp;

/// <summary>How one provider's submission server differs from another's.</summary>
internal sealed record SmtpRules
{
    public required string Greeting { get; init; }

    /// <summary>Null lets everybody in.</summary>
    public (string User, string Secret)? Login { get; init; }
    public string LoginRefusal { get; init; } = "535 5.7.8 Authentication failed";
    public IReadOnlyList<string> Extensions { get; init; } =
    ["PIPELINING", "8BITMIME", "SIZE 31457280", "ENHANCEDSTATUSCODES"];
    public long MaxSize { get; init; } = 31_457_280;

    /// <summary>Null takes the sender.</summary>
    public Func<string, string?> OnMail { get; init; } = _ => null;

    /// <summary>Null takes the recipient.</summary>
    public Func<string, string?> OnRecipient { get; init; } = _ => null;

    /// <summary>Judges a whole message; the mail is kept where the second is not null.</summary>
    public required Func<SmtpMail, (string Reply, Action? Keep)> OnMessage { get; init; }
}

/// <summary>A message as it came: dots undone.</summary>
internal sealed record SmtpMail(string From, IReadOnlyList<string> Recipients, byte[] Content);
