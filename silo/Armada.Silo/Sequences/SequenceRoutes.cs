using System.Globalization;
using System.Text.Json;
using Armada.Core.Motions;
using Armada.Silo.Audit;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Sequences;

/// <summary>/sequences: motions that robots can play.</summary>
internal static class SequenceRoutes
{
    private const int MaxBodyBytes = 1024 * 1024;

    public static void MapSequences(this IEndpointRouteBuilder api)
    {
        var sequences = api.MapGroup("/sequences").WithTags("sequences");
        sequences.MapGet("", ListAsync).Allow(Role.Viewer).WithSummary("Every sequence by id, without its commands").Refuses(Problem.Invalid);
        sequences.MapPost("", PostAsync).Allow(Role.Operator).MaxBody(MaxBodyBytes)
            .WithSummary("Keep a sequence; asked again with the same content it succeeds again")
            .Refuses(Problem.SequenceExists, Problem.SequenceBuiltIn, Problem.TooManySequences, Problem.NotStored)
            .Audits(null, made: "sequence-made");
        sequences.MapGet("/{id}", GetAsync).Allow(Role.Viewer).WithSummary("One sequence; its version is the ETag").Refuses(Problem.SequenceUnknown);
        sequences.MapPut("/{id}", PutAsync).Allow(Role.Operator).MaxBody(MaxBodyBytes)
            .WithSummary("Keep or replace a sequence; If-Match: only if it is unchanged, If-None-Match *: only if it is new")
            .Refuses(Problem.SequenceBuiltIn, Problem.TooManySequences, Problem.VersionChanged, Problem.NotStored)
            .Audits("sequence-changed", made: "sequence-made");
        sequences.MapDelete("/{id}", DeleteAsync).Allow(Role.Operator)
            .WithSummary("Forget a sequence; a robot that plays it goes on. If-Match: only if it is unchanged")
            .Refuses(Problem.SequenceUnknown, Problem.SequenceBuiltIn, Problem.VersionChanged, Problem.NotStored)
            .Audits("sequence-removed");
    }

    public static ProblemHttpResult NoSequence(string id) =>
        Problem.SequenceUnknown.Answer($"there is no sequence {id}; GET /api/v1/sequences lists all");

    private static async Task<Results<Ok<Page<SequenceSummary>>, ProblemHttpResult>> ListAsync(
        [AsParameters] PageQuery page, ISequences sequences, CancellationToken cancellation)
    {
        if (page.Wrong is { } wrong)
            return wrong;
        var part = page.Of(await sequences.ListAsync(cancellation), id => id, id => id);
        var found = await Task.WhenAll(part.Items.Select(id => sequences.FindAsync(id, cancellation).AsTask()));
        return TypedResults.Ok(new Page<SequenceSummary>([.. found.OfType<VersionedSequence>().Select(SequenceSummary.Of)], part.Next));
    }

    private static async Task<Results<Ok<SequenceView>, ProblemHttpResult>> GetAsync(
        string id, ISequences sequences, HttpContext context, CancellationToken cancellation) =>
        await sequences.FindAsync(id, cancellation) is { } kept ? Show(kept, context) : NoSequence(id);

    private static async Task<Results<Created<SequenceView>, Ok<SequenceView>, ProblemHttpResult>> PostAsync(
        SequenceBody body, ISequences sequences, HttpContext context, CancellationToken cancellation)
    {
        if (FindProblem(body) is { } wrong)
            return wrong;
        var sequence = body.ToSequence();
        if (await sequences.FindAsync(sequence.Id, cancellation) is { IsBuiltIn: false } old)
            return old.Sequence.Equals(sequence) ? Show(old, context) : Exists(sequence.Id);
        var answer = await sequences.PutAsync(sequence, new ExpectedVersion(null), cancellation);
        return answer.Refused == SequenceRefusal.Changed ? Exists(sequence.Id) : Show(answer, sequence.Id, isNew: true, context);
    }

    private static async Task<Results<Created<SequenceView>, Ok<SequenceView>, ProblemHttpResult>> PutAsync(
        string id, SequenceBody body, ISequences sequences, HttpContext context, CancellationToken cancellation)
    {
        if (body.Id is { } other && other != id)
            return Problem.WrongField("id", $"'{other}' is not the id of the address, {id}");
        if (FindProblem(body with { Id = id }) is { } wrong)
            return wrong;
        var before = await sequences.FindAsync(id, cancellation);
        if (!TryExpect(context.Request, before, out var expected, out var refused))
            return refused;
        var answer = await sequences.PutAsync((body with { Id = id }).ToSequence(), expected, cancellation);
        return Show(answer, id, isNew: before is null, context);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, ISequences sequences, HttpContext context, CancellationToken cancellation)
    {
        var before = await sequences.FindAsync(id, cancellation);
        if (before is null)
            return NoSequence(id);
        if (!TryExpect(context.Request, before, out var expected, out var refused))
            return refused;
        var answer = await sequences.DeleteAsync(id, expected, cancellation);
        return answer.Refused is null ? TypedResults.NoContent() : Refuse(answer, id);
    }

    // Without a condition the last one wins; with one, what was seen must still stand when the change is made.
    private static bool TryExpect(HttpRequest request, VersionedSequence? before, out ExpectedVersion? expected, out ProblemHttpResult refused)
    {
        (var problem, _) = VersionTag.Condition(request, before?.Version);
        refused = problem!;
        expected = request.Headers.IfMatch.Count > 0 || request.Headers.IfNoneMatch.Count > 0 ? new ExpectedVersion(before?.Version) : null;
        return problem is null;
    }

    private static ProblemHttpResult? FindProblem(SequenceBody body)
    {
        var rules = new RequestRules();
        rules.Name("id", body.Id ?? "");
        if (body.TotalDuration is not null && body.CamelTotalDuration is not null)
            rules.Add("totalDuration", "is the same as total_duration; give one of them");
        for (var i = 0; i < body.Commands.Count; i++)
        {
            if (body.Commands[i]?.Metadata is { ValueKind: not (JsonValueKind.Object or JsonValueKind.Null) })
                rules.Add(string.Create(CultureInfo.InvariantCulture, $"commands[{i}].metadata"), "must be an object");
        }

        rules.Add(SequenceRules.FindProblems(body.ToSequence()));
        return rules.Problem;
    }

    private static Results<Created<SequenceView>, Ok<SequenceView>, ProblemHttpResult> Show(SequenceAnswer answer, string id, bool isNew, HttpContext context)
    {
        if (answer.Refused is not null)
            return Refuse(answer, id);
        var shown = Show(answer.Current!, context);
        return isNew ? TypedResults.Created($"/api/v1/sequences/{id}", shown.Value) : shown;
    }

    private static Ok<SequenceView> Show(VersionedSequence kept, HttpContext context)
    {
        context.Response.Headers.ETag = VersionTag.Of(kept.Version);
        return TypedResults.Ok(SequenceView.Of(kept));
    }

    private static ProblemHttpResult Exists(string id) =>
        Problem.SequenceExists.Answer($"sequence {id} exists with another content; PUT it to change it");

    private static ProblemHttpResult Refuse(SequenceAnswer answer, string id) => answer.Refused switch
    {
        SequenceRefusal.Unknown => NoSequence(id),
        SequenceRefusal.BuiltIn => Problem.SequenceBuiltIn.Answer($"{id} came with the silo; keep yours under another id"),
        SequenceRefusal.Changed => Problem.VersionChanged.Answer($"{id} was changed meanwhile; read it again"),
        SequenceRefusal.TooMany => Problem.TooManySequences.Answer($"there are {SequenceChanges.Most} stored sequences; delete some"),
        SequenceRefusal.NotStored => Problem.NotStored.Answer(answer.Text!),
        _ => throw new ArgumentOutOfRangeException(nameof(answer), answer.Refused, "no problem for it"),
    };
}
