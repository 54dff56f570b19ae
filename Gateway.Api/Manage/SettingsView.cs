using System.Text.Json;
using Gateway.Tenants;

namespace Gateway.Api.Manage;

/// <summary>A tenant's own choices, and what it was given.</summary>
/// <param name="UnverifiedFrom"><c>refuse</c>, or <c>rewrite</c>: sent as <c>Name via Tenant</c> from the address below.</param>
/// <param name="RewriteFromAddress">Of a verified domain; needed for <c>rewrite</c>.</param>
/// <param name="UnknownPolicy">Of mail whose fate stays unknown: <c>at_least_once</c> sends it again, <c>at_most_once</c> holds it.</param>
/// <param name="ListUnsubscribe">Mail that offers our one-click link (RFC 8058) unless it brings its own: <c>broadcast</c>, <c>all</c> or <c>none</c>.</param>
/// <param name="SuppressionScope">What a complaint about a broadcast, or leaving it, stops: <c>stream</c> (broadcasts), or <c>all</c>.</param>
/// <param name="ContentDays">Days that the content of a message is kept after its last delivery ended; its facts stay longer.</param>
/// <param name="Limits">Limits of your own; they only ever narrow what plan and operator allow.</param>
/// <param name="EffectiveLimits">What holds now, from plan, operator and yourself.</param>
/// <param name="MonthQuota">Recipients in a UTC calendar month; null is without bound.</param>
public sealed record SettingsView(
    string UnverifiedFrom,
    string? RewriteFromAddress,
    string UnknownPolicy,
    string ListUnsubscribe,
    string SuppressionScope,
    int ContentDays,
    IReadOnlyList<LimitRow> Limits,
    IReadOnlyList<LimitRow> EffectiveLimits,
    string Plan,
    string Trust,
    long? MonthQuota
)
{
    public const string AtLeastOnce = "at_least_once";
    public const string AtMostOnce = "at_most_once";

    internal static SettingsView Of(StoredSettings stored, TenantSettings settings) =>
        new(
            settings.UnverifiedFrom == Tenants.UnverifiedFrom.Rewrite ? "rewrite" : "refuse",
            settings.RewriteFromAddress,
            settings.OnUnknown == OnUnknown.Hold ? AtMostOnce : AtLeastOnce,
            settings.ListUnsubscribe.ToString().ToLowerInvariant(),
            settings.SuppressionScope.ToString().ToLowerInvariant(),
            settings.ContentDays ?? TenantSettings.MostContentDays,
            settings.Limits,
            [
                .. LimitRow
                    .Merge(stored.Trust, stored.PlanLimits, stored.OwnLimits, settings.Limits)
                    .Select(LimitRow.Of)
                    .OrderBy(l => (l.scope, l.subject, l.unit, l.window_seconds)),
            ],
            stored.Plan,
            stored.Trust,
            stored.MonthQuota
        );

    public static TenantSettings Parse(string stored) =>
        JsonSerializer.Deserialize<TenantSettings>(stored, StoredJson.Options) ?? new();
}

/// <summary>What is to be changed: an absent field stays, null is back to its default.</summary>
public sealed record SettingsPatch(
    string? UnverifiedFrom,
    string? RewriteFromAddress,
    string? UnknownPolicy,
    string? ListUnsubscribe,
    string? SuppressionScope,
    int? ContentDays,
    IReadOnlyList<LimitRow>? Limits
);
