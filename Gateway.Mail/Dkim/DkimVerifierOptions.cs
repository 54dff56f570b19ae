namespace Gateway.Mail.Dkim;

/// <summary>Limits of the verifier. The defaults are generous for honest mail.</summary>
public sealed record DkimVerifierOptions
{
    /// <summary>Signatures looked at, from the top; more are ignored, because each costs a DNS look-up (RFC 6376 §8.4).</summary>
    public int MaxSignatures { get; init; } = 10;

    /// <summary>Octets of header section; a longer one is refused with a single permerror.</summary>
    public int MaxHeaderBytes { get; init; } = 1024 * 1024;

    /// <summary>By how much clocks may differ when t= lies in the future or x= in the past.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromMinutes(5);
}
