namespace Gateway.Worker.Signing;

internal static partial class SigningLog
{
    [LoggerMessage(
        1,
        LogLevel.Error,
        "DKIM key {Selector} of {Domain}, tenant {Tenant}, does not sign: the published record does not match it"
    )]
    public static partial void KeyDoesNotMatch(ILogger log, string selector, string domain, Guid tenant);

    [LoggerMessage(
        2,
        LogLevel.Error,
        "A signature for {Domain}, tenant {Tenant}, did not verify before release: {Reason}"
    )]
    public static partial void SelfCheckFailed(ILogger log, string domain, Guid tenant, string reason);

    [LoggerMessage(
        3,
        LogLevel.Error,
        "Mail of tenant {Tenant} under {Domain} is held: the domain belongs to another tenant by now"
    )]
    public static partial void DomainIsForeign(ILogger log, string domain, Guid tenant);

    [LoggerMessage(4, LogLevel.Error, "DKIM key {Selector} of {Domain}, tenant {Tenant}, was stopped: {Reason}")]
    public static partial void KeyStopped(ILogger log, string selector, string domain, Guid tenant, string reason);

    [LoggerMessage(5, LogLevel.Warning, "Sending domain {Domain} of tenant {Tenant} is {State}: {Problem}")]
    public static partial void DomainChanged(ILogger log, string domain, Guid tenant, string state, string? problem);

    [LoggerMessage(6, LogLevel.Warning, "Domains and their keys were not looked up; it is tried again")]
    public static partial void DomainsNotChecked(ILogger log, Exception problem);

    [LoggerMessage(
        7,
        LogLevel.Warning,
        "There is no public suffix list on this machine; claims are checked by a few plain rules. Install Debian's publicsuffix, or set Gateway:Domains:PublicSuffixList"
    )]
    public static partial void NoSuffixList(ILogger log);
}
