using Gateway.Api.Auth;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Ledger;
using Gateway.Tenants;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Manage;

/// <summary>What a tenant chooses for itself.</summary>
internal static class SettingsEndpoints
{
    public static void MapSettings(this IEndpointRouteBuilder routes)
    {
        var settings = routes.MapGroup("/v1/settings").WithTags("Settings").RequireKey(Scope.Manage);
        settings
            .MapGet("", GetAsync)
            .Produces<SettingsView>()
            .WithName("GetSettings")
            .WithSummary("Show the settings, and the limits that hold");
        settings
            .MapPatch("", ChangeAsync)
            .Accepts<SettingsPatch>("application/json")
            .Produces<SettingsView>()
            .DescribeProblems(400, 413, 415)
            .WithName("ChangeSettings")
            .WithSummary("Change settings")
            .WithDescription(
                "A field that is absent stays, null goes back to the default. " + ProblemExamples.NotOfAVerifiedDomain
            );
    }

    private static async Task<IResult> GetAsync(HttpContext http, SettingsStore settings)
    {
        var tenant = http.Caller().Tenant;
        return Json(SettingsView.Of(await settings.ReadAsync(tenant.Id, http.RequestAborted), tenant));
    }

    private static async Task<IResult> ChangeAsync(HttpContext http, SettingsStore settings)
    {
        var (fields, problem) = await ManageBody.ReadAsync(http);
        if (fields is null)
        {
            return problem!.ToResult();
        }

        var caller = http.Caller();
        var change = SettingsChange.Read(fields, caller.Tenant.VerifiedDomains);
        if (fields.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        var (after, whyNot) = await settings.ChangeAsync(caller, change, http.RequestAborted);
        return whyNot is not null ? whyNot.ToResult() : Json(SettingsView.Of(after!, caller.Tenant));
    }

    private static IResult Json(SettingsView view) => Results.Json(view, ManageJson.Readable.SettingsView);
}

/// <summary>The settings in the ledger; fields that this door does not know stay as they are.</summary>
internal sealed class SettingsStore(TenantLedger ledger, TimeProvider clock)
{
    private const string Lock = "SELECT settings::text FROM tenants WHERE tenant_id = $1 FOR NO KEY UPDATE";
    private const string Get = "SELECT settings::text FROM tenants WHERE tenant_id = $1";

    private const string Change = """
        UPDATE tenants SET settings = jsonb_strip_nulls(settings || $2::jsonb) WHERE tenant_id = $1
        """;

    private const string Note = """
        INSERT INTO audit (audit_id, tenant_id, actor, action, target, data)
        VALUES ($2, $1, $3, 'settings.change', $1::text, $4::jsonb)
        """;

    public Task<TenantSettings> ReadAsync(Guid tenant, CancellationToken cancel) =>
        ledger.ReadAsync(
            tenant,
            [Statement.Of(Get, tenant)],
            async reader => SettingsView.Parse(await ReadTextAsync(reader, cancel)),
            cancel
        );

    public async Task<(TenantSettings? After, ApiProblem? Problem)> ChangeAsync(
        Caller caller,
        SettingsChange change,
        CancellationToken cancel
    )
    {
        var tenant = caller.Tenant.Id;
        TenantSettings? after = null;
        ApiProblem? problem = null;
        await ledger.ChangeAsync(
            tenant,
            [Statement.Of(Lock, tenant)],
            async reader => (string?)await ReadTextAsync(reader, cancel),
            stored =>
            {
                after = change.Apply(stored);
                problem = SettingsChange.WhyNot(after);
                return problem is not null || change.Stored.Count == 0 ? [] : Writes(caller, change);
            },
            cancel
        );
        return (after, problem);
    }

    private IReadOnlyList<NpgsqlBatchCommand> Writes(Caller caller, SettingsChange change)
    {
        var json = change.Stored.ToJsonString();
        return
        [
            Statement.Of(Change, caller.Tenant.Id).With(NpgsqlDbType.Text, json),
            Statement
                .Of(Note, caller.Tenant.Id)
                .With(LedgerId.New(clock.GetUtcNow()))
                .With($"key:{caller.KeyId}")
                .With(NpgsqlDbType.Text, json),
        ];
    }

    private static async Task<string> ReadTextAsync(NpgsqlDataReader reader, CancellationToken cancel)
    {
        await reader.ReadAsync(cancel);
        return reader.GetString(0);
    }
}
