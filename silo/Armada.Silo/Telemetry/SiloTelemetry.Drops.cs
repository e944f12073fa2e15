using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Armada.Core.Devices;
using Armada.Core.Frames;
using Armada.Core.Routing;

namespace Armada.Silo.Telemetry;

/// <summary>Drops by reason: one name per reason in metrics and in the API.</summary>
internal sealed partial class SiloTelemetry
{
    private const string NoRole = "none";

    private static readonly FrozenDictionary<FrameResult, string> VerdictNames = Names<FrameResult>();
    private static readonly FrozenDictionary<FrameError, string> ErrorNames = Names<FrameError>();

    /// <summary>Name of a verdict, such as stale-epoch.</summary>
    public static string NameOf(FrameResult verdict) => VerdictNames[verdict];

    /// <summary>Frames dropped so far for each reason that has occurred; a frame that only awaits its epoch is no drop.</summary>
    public IReadOnlyDictionary<string, long> Drops()
    {
        var drops = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (_, reason, count) in AllDrops().Where(drop => drop.Count > 0))
            drops[reason] = drops.GetValueOrDefault(reason) + count;
        return drops;
    }

    private IEnumerable<Measurement<long>> ObserveDrops()
    {
        foreach (var (role, reason, count) in AllDrops())
            yield return new Measurement<long>(count, new("role", role), new("reason", reason));
    }

    private IEnumerable<(string Role, string Reason, long Count)> AllDrops()
    {
        foreach (var (verdict, name) in VerdictNames)
        {
            if (verdict is FrameResult.Accepted or FrameResult.AwaitingEpoch)
                continue;
            yield return ("master", name, Frames(DeviceRole.Master, verdict));
            yield return ("slave", name, Frames(DeviceRole.Slave, verdict));
        }

        foreach (var (error, name) in ErrorNames)
        {
            if (error != FrameError.None)
                yield return (NoRole, name, Malformed(error));
        }

        yield return (NoRole, "malformed-dialect", MalformedDialect);
        yield return (NoRole, "unknown-device", UnknownDevice);
    }

    private static FrozenDictionary<T, string> Names<T>()
        where T : struct, Enum =>
        Enum.GetValues<T>().ToFrozenDictionary(value => value, value => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()));
}
