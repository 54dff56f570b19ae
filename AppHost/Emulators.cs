using System.Security.Cryptography;

namespace AppHost;

/// <summary>
/// Providers that are emulated on this machine, with faults that a person plays by curl: in place of the sandbox, so that
/// an incident looks as it would. Asked for with <c>--emulators</c>.
/// </summary>
internal static class Emulators
{
    public const string Argument = "--emulators";

    public static void Add(
        IDistributedApplicationBuilder builder,
        GatewayFolder folder,
        IResourceBuilder<ProjectResource> worker,
        IResourceBuilder<ProjectResource> webhooks,
        bool isWanted
    )
    {
        if (!isWanted)
        {
            return;
        }

        // What the emulated SendGrid signs its events with.
        using var events = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var emulators = builder
            .AddProject<Projects.ProviderEmulators>("emulators")
            .WithEnvironment("EMULATORS_tls", "false")
            .WithEnvironment("EMULATORS_sendgridEventsKey", Convert.ToBase64String(events.ExportPkcs8PrivateKey()))
            .WithEndpoint(folder.Port("emulators"), scheme: "tcp", name: "control", env: "EMULATORS_control")
            .WithEndpoint(scheme: "tcp", name: "sendgrid", env: "EMULATORS_sendgrid")
            .WithEndpoint(scheme: "tcp", name: "mailgun", env: "EMULATORS_mailgun")
            .WithEndpoint(scheme: "tcp", name: "relay", env: "EMULATORS_relaySmtp");

        // As an operator would describe three accounts; the keys are the emulators' own.
        Path("sendgrid", "Provider", "sendgrid");
        Path("sendgrid", "ApiKey", "SG.emulated-key");
        Path("sendgrid", "AllowPlaintext", "true");
        At("sendgrid", "BaseUrl", "http://127.0.0.1:");
        Events("sendgrid", "EventsPublicKey", Convert.ToBase64String(events.ExportSubjectPublicKeyInfo()));
        Path("mailgun", "Provider", "mailgun");
        Path("mailgun", "ApiKey", "key-emulated");
        Path("mailgun", "AllowPlaintext", "true");
        At("mailgun", "BaseUrl", "http://127.0.0.1:");
        Events("mailgun", "EventsSigningKey", "signing-emulated");
        Path("relay", "Provider", "smtp");
        Path("relay", "Host", "127.0.0.1");
        Path("relay", "Tls", "None");
        Path("relay", "User", "relay-user");
        Path("relay", "Secret", "relay-secret");
        Path("relay", "AllowPlaintextAuth", "true");
        At("relay", "Port", "");
        worker
            .WithEnvironment("Gateway__Route__0", "sendgrid")
            .WithEnvironment("Gateway__Route__1", "mailgun")
            .WithEnvironment("Gateway__Route__2", "relay")
            .WaitFor(emulators);

        void Path(string path, string setting, string value) =>
            worker.WithEnvironment($"Gateway__Paths__{path}__{setting}", value);

        // Read where events come in.
        void Events(string path, string setting, string value)
        {
            Path(path, setting, value);
            webhooks.WithEnvironment($"Gateway__Paths__{path}__{setting}", value);
        }

        // Known when the worker starts, and not before.
        void At(string path, string setting, string before) =>
            worker.WithEnvironment(
                $"Gateway__Paths__{path}__{setting}",
                () => $"{before}{emulators.GetEndpoint(path).Port}"
            );
    }
}
