using System.Collections.Frozen;
using System.Globalization;
using Armada.Core.Topics;

namespace Armada.Silo.Panel;

/// <summary>What a watcher asks for in the address.</summary>
/// <param name="Rate">Most updates a second.</param>
/// <param name="Robots">Only these robots, or null for all.</param>
internal sealed record SubscriberRequest(double Rate, FrozenSet<string>? Robots)
{
    /// <summary>Updates a second that a watcher gets at most, and unless it asks for fewer.</summary>
    public const int FastestRate = 20;

    /// <summary>Fewest updates a second that may be asked for.</summary>
    public const double SlowestRate = 0.2;

    /// <summary>Most robots that may be named; who wants more takes all.</summary>
    public const int MostRobots = 500;

    /// <summary>Everything at full rate.</summary>
    public static SubscriberRequest Everything { get; } = new(FastestRate, null);

    /// <summary>Reads <c>?rate=</c> and <c>?robots=</c>; null with errors by name.</summary>
    public static SubscriberRequest? Read(IQueryCollection query, Dictionary<string, string> errors)
    {
        var rate = Everything.Rate;
        if (query.TryGetValue("rate", out var asked) && !TryRate(asked.ToString(), out rate))
            errors["rate"] = string.Create(CultureInfo.InvariantCulture, $"'{asked}' must be {SlowestRate} to {FastestRate} updates a second");
        var robots = query.TryGetValue("robots", out var named) ? Names(named.ToString(), errors) : null;
        return errors.Count > 0 ? null : new SubscriberRequest(rate, robots);
    }

    /// <summary>Whether the watcher wants to see a robot.</summary>
    public bool Sees(string robot) => Robots is null || Robots.Contains(robot);

    /// <summary>
    /// Whether an update is due at a tick of <see cref="FastestRate"/> a second. Watchers that ask for the same rate are due at the
    /// same ticks, so that one picture serves them all; n successive ticks hold at most n times the rate's share, and one more.
    /// </summary>
    public bool IsDue(long tick) => Due(tick + 1) > Due(tick);

    private double Due(long ticks) => Math.Floor(ticks * Rate / FastestRate);

    private static bool TryRate(string text, out double rate) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out rate) && rate is >= SlowestRate and <= FastestRate;

    private static FrozenSet<string>? Names(string text, Dictionary<string, string> errors)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries);
        if (names.Length > MostRobots)
            errors["robots"] = string.Create(CultureInfo.InvariantCulture, $"at most {MostRobots} may be named");
        else if (Array.Find(names, name => !DeviceName.IsValid(name)) is { } wrong)
            errors["robots"] = $"'{wrong}' is no robot id";
        return names.ToFrozenSet(StringComparer.Ordinal);
    }
}
