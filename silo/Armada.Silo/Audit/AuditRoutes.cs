using System.ComponentModel;
using System.Globalization;
using Armada.Grains.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Audit;

/// <summary>/audit: who did what, when and from where.</summary>
internal static class AuditRoutes
{
    public static void MapAudit(this IEndpointRouteBuilder api) =>
        api.MapGet("/audit", ListAsync).WithTags("audit").Allow(Role.Admin)
            .WithSummary("Changes of masters, slaves, stops, limits and keys, newest first; any silo of a cluster answers for all")
            .Refuses(Problem.Invalid, Problem.StorageUnreadable);

    private static async Task<Results<Ok<Page<AuditView>>, ProblemHttpResult>> ListAsync(
        [AsParameters] PageQuery page,
        [Description("Only what happened to this robot, or key.")] string? robot,
        [Description("Only this, such as master-bound.")] string? what,
        IAuditStore audit,
        IAuditTrail trail,
        CancellationToken cancellation)
    {
        if (page.Wrong is { } wrong)
            return wrong;
        var before = long.MaxValue;
        if (page.After is not null && !long.TryParse(page.After, NumberStyles.None, CultureInfo.InvariantCulture, out before))
            return Problem.WrongField("after", "must be the 'next' of an earlier answer");
        await trail.FlushAsync(cancellation); // Whoever was answered finds what was done.
        var found = await audit.ReadAsync(new() { Before = before, Subject = robot, What = what, Limit = page.Size + 1 }, cancellation);
        return TypedResults.Ok(page.Cut(found, record => record.Seq.ToString(CultureInfo.InvariantCulture), AuditView.Of));
    }
}

internal sealed record AuditView(
    [property: Description("Number of the record; later ones are higher.")] long Seq,
    DateTimeOffset At,
    [property: Description("Key name, 'oidc:' and token subject, 'local' for callers without a key, or 'silo' for what it did by itself.")] string Who,
    string Role,
    [property: Description("Address of the caller.")] string From,
    [property: Description("Such as master-bound.")] string What,
    [property: Description("The robot, key or fleet it happened to.")] string Subject,
    string? Detail,
    [property: Description("How often; repeated stops and resets of one caller within seconds are one record.")] long Count,
    [property: Description("When it happened last.")] DateTimeOffset LastAt)
{
    public static AuditView Of(StoredAuditEntry stored)
    {
        var entry = stored.Entry;
        return new(stored.Seq, entry.At, entry.Who, entry.Role, entry.From, entry.What, entry.Subject, entry.Detail, stored.Count, stored.LastAt);
    }
}
