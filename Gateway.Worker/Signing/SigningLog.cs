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
}
