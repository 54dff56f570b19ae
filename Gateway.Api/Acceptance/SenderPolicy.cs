using Gateway.Api.Problems;
using Gateway.Mail.Addresses;
using Gateway.Submissions;
using Gateway.Tenants;

namespace Gateway.Api.Acceptance;

/// <summary>What becomes of a From.</summary>
/// <param name="Refusal">Why the message is not taken; null where it is.</param>
/// <param name="Shown">The From that it goes out under in place of its own; null where its own stays.</param>
public readonly record struct SenderVerdict(ApiProblem? Refusal, Mailbox? Shown);

/// <summary>
/// Under whose name a tenant may send (A21): a domain it verified, as far as the key reaches. Another From is refused,
/// or, where the tenant chose so, shown as <c>Name via Tenant &lt;verified address&gt;</c>; one that another tenant owns
/// never leaves in any form.
/// </summary>
public sealed class SenderPolicy(DomainOwners owners)
{
    /// <summary>Characters of a display name that people still read.</summary>
    private const int LongestName = 200;

    /// <param name="field">The From's name at this door, for the refusal.</param>
    public async ValueTask<SenderVerdict> JudgeAsync(Caller caller, Mailbox from, EmailAddress? sender, string field)
    {
        var foreign = IsOwn(from.Address, caller) ? null : from.Address;
        if (foreign is null && (sender is null || IsOwn(sender, caller)))
        {
            return new SenderVerdict(WhyNarrowed(from.Address, caller, field) ?? Narrowed(sender, caller), null);
        }

        // Rare: only what no tenant of ours may send comes here, so it may cost a look-up.
        var problem = foreign is null ? NotVerified(sender!, caller, "Sender") : NotVerified(foreign, caller, field);
        var shown = foreign is null ? null : Rewritten(from, caller);
        foreach (var address in new[] { foreign, sender is null || IsOwn(sender, caller) ? null : sender })
        {
            switch (address is null ? false : await owners.IsOfAnotherAsync(caller, address.Domain))
            {
                case true:
                    return new SenderVerdict(problem, null);
                // Where it would be refused anyway there is nothing to wait for.
                case null when shown is not null:
                    return new SenderVerdict(ApiProblem.Unavailable("Domains cannot be checked at this moment."), null);
            }
        }

        return shown is null
            ? new SenderVerdict(problem, null)
            : new SenderVerdict(WhyNarrowed(shown.Address, caller, field), shown);
    }

    private static bool IsOwn(EmailAddress address, Caller caller) =>
        caller.Tenant.VerifiedDomains.Contains(address.Domain);

    /// <summary>Null where the tenant does not wish it, or its own address is of no verified domain any more.</summary>
    private static Mailbox? Rewritten(Mailbox from, Caller caller)
    {
        var settings = caller.Tenant.Settings;
        if (
            settings.UnverifiedFrom != UnverifiedFrom.Rewrite
            || settings.RewriteFromAddress is not { } own
            || !EmailAddress.TryParse(own, out var address, out _)
            || !IsOwn(address, caller)
        )
        {
            return null;
        }

        var name = $"{Cut(from.Name ?? from.Address.ToString())} via {Cut(caller.Tenant.Name)}";
        return Mailbox.TryCreate(name, address, out var shown, out _) ? shown : new Mailbox(null, address);
    }

    private static string Cut(string name) =>
        name.Length <= LongestName ? name
        : char.IsHighSurrogate(name[LongestName - 1]) ? name[..(LongestName - 1)]
        : name[..LongestName];

    private static ApiProblem? Narrowed(EmailAddress? sender, Caller caller) =>
        sender is null ? null : WhyNarrowed(sender, caller, "Sender");

    private static ApiProblem? WhyNarrowed(EmailAddress address, Caller caller, string field) =>
        caller.Domains.Count == 0 || caller.Domains.Contains(address.Domain)
            ? null
            : ApiProblem.Invalid(
                FieldError.Of(
                    "key_narrowed",
                    field,
                    address.ToString(),
                    $"an address of a domain that this key is narrowed to: {List(caller.Domains)}"
                ),
                StatusCodes.Status403Forbidden
            );

    private static ApiProblem NotVerified(EmailAddress address, Caller caller, string field) =>
        ApiProblem.Invalid(
            FieldError.Of(
                "domain_not_verified",
                field,
                address.ToString(),
                caller.Tenant.VerifiedDomains.Count == 0
                    ? "an address of a domain you verified; none is yet"
                    : $"an address of a domain you verified: {List(caller.Tenant.VerifiedDomains)}"
            ),
            StatusCodes.Status403Forbidden
        );

    private static string List(IEnumerable<string> domains) =>
        string.Join(", ", domains.Order(StringComparer.Ordinal).Take(5));
}
