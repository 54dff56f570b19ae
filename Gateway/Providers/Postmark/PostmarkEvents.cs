using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Providers.Events;

namespace Gateway.Providers.Postmark;

/// <summary>Webhooks (postmark.md §4): not signed; a user and a password in the URL are all there is.</summary>
internal sealed class PostmarkEvents : IEventFormat
{
    /// <summary>Base64 of a user and a password; longer ones are nobody's.</summary>
    private const int LongestCredentials = 1_024;

    /// <summary>Repeated for hours. 403 would drop the event for ever.</summary>
    public int RefusedStatus => 401;

    /// <summary>None: the one that would tell anything is the password.</summary>
    public IReadOnlyList<string> Headers { get; } = [];

    public IEnumerable<string> Problems(EventOptions options)
    {
        if (options.EventsUser.Length > 0 != options.EventsPassword.Length > 0)
        {
            yield return "EventsUser and EventsPassword are needed both; one of them is missing";
        }

        if (options.EventsUser.Contains(':', StringComparison.Ordinal))
        {
            yield return "EventsUser holds a colon, which ends a user in basic authentication (RFC 7617 §2)";
        }

        if (options.EventsPassword.Length is > 0 and < 16)
        {
            yield return "EventsPassword is shorter than 16 characters";
        }
    }

    public ValueTask<EventVerdict> VerifyAsync(
        EventRequest request,
        EventOptions options,
        DateTimeOffset now,
        CancellationToken cancel
    ) => ValueTask.FromResult(Verify(request, options));

    public EventReading Read(EventRequest request)
    {
        try
        {
            using var json = JsonDocument.Parse(request.Body, EventFields.Limits);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? PostmarkEvent.Read(json.RootElement)
                : EventReading.Unreadable("the body is no object");
        }
        catch (JsonException problem)
        {
            return EventReading.Unreadable($"the body is no JSON at byte {problem.BytePositionInLine}");
        }
    }

    private static EventVerdict Verify(EventRequest request, EventOptions options)
    {
        if (options.EventsUser.Length == 0 || options.EventsPassword.Length == 0)
        {
            return EventVerdict.CannotTell("the path has no EventsUser and EventsPassword");
        }

        var header = request.Header("authorization");
        Span<byte> given = stackalloc byte[LongestCredentials];
        if (
            header is null
            || header.Length > LongestCredentials
            || !header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)
            || !Convert.TryFromBase64Chars(header.AsSpan("Basic ".Length).Trim(), given, out var length)
        )
        {
            return EventVerdict.Forged("it has no user and password");
        }

        // Of equal length whatever was given: nothing tells how long the password is.
        Span<byte> own = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> theirs = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{options.EventsUser}:{options.EventsPassword}"), own);
        SHA256.HashData(given[..length], theirs);
        return CryptographicOperations.FixedTimeEquals(own, theirs)
            ? EventVerdict.Genuine
            : EventVerdict.Forged("its user or password is not the path's");
    }
}
