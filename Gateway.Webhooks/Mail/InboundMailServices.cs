using Gateway.ReturnMail;

namespace Gateway.Webhooks.Mail;

internal static class InboundMailServices
{
    /// <summary>Mail to the bounce domain, where <c>Gateway:Inbound</c> names a port; and what reads it.</summary>
    /// <exception cref="InvalidOperationException">A setting makes no sense.</exception>
    public static IServiceCollection AddInboundMail(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection("Gateway:Inbound").Get<InboundMailOptions>() ?? new();
        var domain = configuration["Gateway:BounceDomain"];
        if (options.Problems(string.IsNullOrWhiteSpace(domain) ? null : domain).ToArray() is { Length: > 0 } problems)
        {
            throw new InvalidOperationException(string.Join('\n', problems));
        }

        services
            .AddSingleton(options)
            .AddSingleton<InboundMailBell>()
            .AddSingleton<InboundMailStore>()
            .AddSingleton<InboundMailLedger>()
            .AddSingleton<InboundMailReader>()
            // Without a bounce domain there are no addresses, and what came while there was one is still read.
            .AddSingleton(p => new ReportedMail(
                p.GetService<ReturnAddresses>(),
                p.GetRequiredService<UnsubscribeLinks>()
            ))
            .AddHostedService<InboundMailWatch>();
        return options.Port is null
            ? services
            : services
                .AddSingleton<InboundRecipients>()
                .AddSingleton<InboundMailServer>()
                .AddHostedService(p => p.GetRequiredService<InboundMailServer>());
    }
}
