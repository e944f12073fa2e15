using System.Globalization;
using Armada.Core.Motions;
using Armada.Core.Topics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>What is wrong with a body, each error under its field's path.</summary>
internal sealed class RequestRules
{
    // Enough to mend a body by; more would make the answer larger than the question.
    private const int Most = 50;

    private readonly Dictionary<string, string> errors = new(StringComparer.Ordinal);

    /// <summary>Whether anything is wrong.</summary>
    public bool IsBroken => errors.Count > 0;

    /// <summary>The answer that names every wrong field, or null where none is.</summary>
    public ProblemHttpResult? Problem => IsBroken ? Api.Problem.WrongFields(errors) : null;

    /// <summary>Something is wrong with a field; what was found first stands.</summary>
    public void Add(string field, string text)
    {
        if (errors.Count < Most)
            errors.TryAdd(field, text);
    }

    /// <summary>What the domain found.</summary>
    public void Add(IEnumerable<SequenceProblem> problems)
    {
        foreach (var (path, text) in problems)
            Add(path, text);
    }

    /// <summary>Checks the name of a robot, device, sequence, client or slave.</summary>
    public void Name(string field, string? name)
    {
        if (!DeviceName.IsValid(name))
            Add(field, $"'{name}' must be 1 to {DeviceName.MaxLength} of a-z, A-Z, 0-9, '-', '_', beginning with a letter or digit");
    }

    /// <summary>Checks a field that does not belong to what the body asks for.</summary>
    public void Absent(string field, object? value, string of)
    {
        if (value is not null)
            Add(field, $"is no member of {of}");
    }

    /// <summary>Checks a range; the value, or null where it is missing or wrong.</summary>
    public double? Within(string field, double? value, double least, double most)
    {
        if (value is not { } given || (given >= least && given <= most))
            return value;
        Add(field, string.Create(CultureInfo.InvariantCulture, $"{given} must be {least} to {most}"));
        return null;
    }
}
