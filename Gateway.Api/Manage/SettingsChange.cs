using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Api.Problems;
using Gateway.Mail.Addresses;
using Gateway.Submissions;
using Gateway.Tenants;

namespace Gateway.Api.Manage;

/// <summary>A change of settings: the stored fields that become something else; pure.</summary>
/// <param name="Stored">By their stored names; null goes back to the default.</param>
internal sealed record SettingsChange(JsonObject Stored)
{
    private const string From = "rewrite_from_address";
    private const string Policy = "unverified_from";
    private const int AddressLength = 320;

    /// <summary>Stored by the names and words that are asked for.</summary>
    private static readonly (string Name, string[] Words)[] Choices =
    [
        ("list_unsubscribe", ["broadcast", "all", "none"]),
        ("suppression_scope", ["stream", "all"]),
    ];

    public static SettingsChange Read(BodyFields body, IReadOnlySet<string> owned)
    {
        var stored = new JsonObject();
        if (body.Has(Policy))
        {
            stored[Policy] = body.OneOf(Policy, ["refuse", "rewrite"]);
        }

        if (body.Has(From))
        {
            stored[From] = ReadAddress(body, owned);
        }

        if (body.Has("unknown_policy"))
        {
            stored["on_unknown"] = body.OneOf(
                "unknown_policy",
                [SettingsView.AtLeastOnce, SettingsView.AtMostOnce]
            ) switch
            {
                null => null,
                SettingsView.AtMostOnce => "hold",
                _ => "retry",
            };
        }

        if (body.Has("content_days"))
        {
            stored["content_days"] = (int?)body.Number("content_days", 0, TenantSettings.MostContentDays);
        }

        foreach (var (name, words) in Choices)
        {
            if (body.Has(name))
            {
                stored[name] = body.OneOf(name, words);
            }
        }

        if (body.Has("limits"))
        {
            stored["limits"] = JsonSerializer.SerializeToNode(LimitFields.Read(body, "limits"), StoredJson.Options);
        }

        return new SettingsChange(stored);
    }

    /// <summary>The stored settings as they are after the change.</summary>
    public string Apply(string stored)
    {
        var all = JsonNode.Parse(stored)!.AsObject();
        foreach (var (name, value) in Stored)
        {
            if (value is null)
            {
                all.Remove(name);
            }
            else
            {
                all[name] = value.DeepClone();
            }
        }

        return all.ToJsonString();
    }

    /// <summary>Fields that only make sense together.</summary>
    public static ApiProblem? WhyNot(TenantSettings settings) =>
        settings is { UnverifiedFrom: UnverifiedFrom.Rewrite, RewriteFromAddress: null }
            ? ApiProblem.Invalid(
                FieldError.Of("required", From, null, $"an address of a domain you verified, since {Policy} is rewrite")
            )
            : null;

    private static string? ReadAddress(BodyFields body, IReadOnlySet<string> owned)
    {
        if (body.Text(From, AddressLength) is not { } text)
        {
            return null;
        }

        if (!EmailAddress.TryParse(text, out var address, out var error))
        {
            body.Refuse(From, text, "one address such as news@example.com: " + error.Message, error.Code);
            return null;
        }

        if (!owned.Contains(address.Domain))
        {
            var domains = string.Join(", ", owned.Order(StringComparer.Ordinal).Take(5));
            body.Refuse(
                From,
                text,
                domains.Length == 0
                    ? "an address of a domain you verified; none is yet"
                    : "an address of a domain you verified: " + domains,
                "domain_not_verified"
            );
            return null;
        }

        return address.ToString();
    }
}
