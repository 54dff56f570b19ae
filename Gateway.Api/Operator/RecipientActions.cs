using System.Globalization;
using Dapper;
using Gateway.Mail.Addresses;
using Npgsql;
using static Gateway.Api.Operator.OperatorRoutes;

namespace Gateway.Api.Operator;

/// <summary>Recipients whom a trial tenant may write to, since they said that they want it.</summary>
internal static class RecipientActions
{
    /// <summary>In one call; a tenant with more than 1,000 of them is no trial any more.</summary>
    public const int Most = 100;
    private const int MostOfTenant = 1_000;
    private const string Accepted = "one address such as ann@example.com";

    public static Task<IResult> ListAsync(string id, HttpContext http, OperatorLedger ledger) =>
        OfTenantAsync(
            id,
            async tenant =>
                await ledger.ReadAsync(
                    async connection =>
                    {
                        if (await TenantRow.FindAsync(connection, tenant) is null)
                        {
                            return TenantRow.NotFound().ToResult();
                        }

                        var rows = await connection.QueryAsync<(string Address, DateTime At)>(
                            "SELECT address, confirmed_at FROM confirmed_recipients WHERE tenant_id = @tenant ORDER BY address",
                            new { tenant }
                        );
                        return Results.Json(
                            new RecipientPage(
                                [.. rows.Select(r => new RecipientView(r.Address, RowTime.Of(r.At)))],
                                null
                            ),
                            OperatorJson.Readable.RecipientPage
                        );
                    },
                    http.RequestAborted
                )
        );

    public static Task<IResult> AddAsync(string id, HttpContext http, OperatorLedger ledger) =>
        ActAsync(
            id,
            http,
            ledger,
            "recipients.confirm",
            """
            INSERT INTO confirmed_recipients (tenant_id, address) SELECT @tenant, a FROM unnest(@addresses) AS a
            ON CONFLICT DO NOTHING RETURNING address
            """,
            (null, "confirmed")
        );

    public static Task<IResult> RemoveAsync(string id, HttpContext http, OperatorLedger ledger) =>
        ActAsync(
            id,
            http,
            ledger,
            "recipients.remove",
            "DELETE FROM confirmed_recipients WHERE tenant_id = @tenant AND address = ANY (@addresses) RETURNING address",
            ("confirmed", null)
        );

    private static async Task<IResult> ActAsync(
        string id,
        HttpContext http,
        OperatorLedger ledger,
        string action,
        string sql,
        (string? Before, string? After) change
    )
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        if (request is null)
        {
            return problem!.ToResult();
        }

        var addresses = ReadAddresses(request);
        if (request.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        return await OfTenantAsync(
            id,
            async tenant =>
                await ledger.ActAsync(
                    request,
                    action,
                    id,
                    tenant,
                    async connection =>
                    {
                        if (await TenantRow.LockAsync(connection, tenant) is null)
                        {
                            return ActionOutcome.Refused(TenantRow.NotFound());
                        }

                        var changed = (await connection.QueryAsync<string>(sql, new { tenant, addresses })).AsList();
                        return await CountAsync(connection, tenant) > MostOfTenant
                            ? ActionOutcome.Refused(TooMany())
                            : new ActionOutcome([
                                .. changed.Select(a => new ChangeView(a, change.Before, change.After)),
                            ]);
                    },
                    http.RequestAborted
                )
        );
    }

    private static string[] ReadAddresses(OperatorRequest request)
    {
        var given = request.Fields.Texts("addresses", Most, Accepted);
        if (given is null or { Count: 0 })
        {
            request.Fields.Refuse("addresses", null, $"a list of 1 to {Most}: {Accepted}", "required");
            return [];
        }

        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (at, text) in given.Index())
        {
            if (EmailAddress.TryParse(text, out var address, out var error))
            {
                keys.Add(address.Key);
            }
            else
            {
                request.Fields.Refuse($"addresses[{at}]", text, $"{Accepted}: {error.Message}", error.Code);
            }
        }

        return [.. keys];
    }

    private static Task<long> CountAsync(NpgsqlConnection connection, Guid tenant) =>
        connection.ExecuteScalarAsync<long>(
            "SELECT count(*) FROM confirmed_recipients WHERE tenant_id = @tenant",
            new { tenant }
        );

    private static Problems.ApiProblem TooMany() =>
        new(
            StatusCodes.Status409Conflict,
            "cap_exceeded",
            "There are as many as there may be",
            "A tenant that writes to more people is no trial any more."
        )
        {
            Field = "addresses",
            Accepted = $"at most {MostOfTenant.ToString(CultureInfo.InvariantCulture)} confirmed recipients a tenant",
        };
}
