namespace Gateway.Api.SmtpSubmission;

internal static class SubmissionServices
{
    /// <summary>The SMTP door, where <c>Gateway:Smtp</c> names a port.</summary>
    public static IServiceCollection AddSmtpSubmission(this IServiceCollection services) =>
        services
            .AddSingleton(p =>
                p.GetRequiredService<IConfiguration>().GetSection("Gateway:Smtp").Get<SubmissionOptions>()
                ?? new SubmissionOptions()
            )
            .AddSingleton<SubmissionCertificate>()
            .AddSingleton<SubmissionRoute>()
            .AddSingleton<SubmissionLoad>()
            .AddSingleton<SubmissionDoor>()
            .AddSingleton<SubmissionHandler>()
            .AddHostedService<SubmissionServer>();
}
