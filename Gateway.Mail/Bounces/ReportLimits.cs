namespace Gateway.Mail.Bounces;

/// <summary>What a report may make us do. A report is a stranger's mail: bounded whatever it holds.</summary>
internal static class ReportLimits
{
    /// <summary>Recipients kept of one report. We send one recipient a transaction; forwarders may add a few hundred.</summary>
    public const int MaxRecipients = 500;

    /// <summary>Fields kept of one group of a machine-readable part.</summary>
    public const int MaxFields = 200;

    /// <summary>Groups of fields: one for the message, one a recipient.</summary>
    public const int MaxGroups = MaxRecipients + 20;

    /// <summary>Characters of one field's value: a diagnostic of 30 lines fits.</summary>
    public const int MaxValue = 16 * 1024;

    /// <summary>Characters of notice text that are looked at. Real notices before the copied message stay below 20,000.</summary>
    public const int MaxNotice = 64 * 1024;

    /// <summary>Characters about one recipient that the tables see, and that are kept as diagnostic.</summary>
    public const int MaxDiagnostic = 4 * 1024;

    /// <summary>Characters of all recipients' texts together: one recipient a line must not make it quadratic.</summary>
    public const int MaxEvidence = 512 * 1024;

    /// <summary>Characters of a header section of the original that stands in plain text.</summary>
    public const int MaxOriginal = 64 * 1024;
}
