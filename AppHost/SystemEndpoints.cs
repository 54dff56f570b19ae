namespace AppHost;

/// <summary>The content of <c>endpoints.json</c>; null for what does not exist yet, or does not run.</summary>
internal sealed record SystemEndpoints(
    string? Api,
    string? Portal,
    SmtpEndpoint? Smtp,
    string? Webhooks,
    OperatorEndpoint? Ops,
    DemoTenant? Demo,
    string? Postgres,
    string? Redis
);

internal sealed record SmtpEndpoint(string Host, int Port);

internal sealed record OperatorEndpoint(string Url, string Token);

internal sealed record DemoTenant(string Tenant, string ApiKey, string Domain, string? Login, string? Password)
{
    /// <summary>For the SMTP door: any user name, and the key as password.</summary>
    public DemoTenant WithLogin() => this with { Login = "apikey", Password = ApiKey };
}
