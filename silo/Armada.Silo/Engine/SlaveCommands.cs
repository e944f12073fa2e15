using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Engine;

/// <summary>Gives a robot's commands to its slaves. Used inside the cell's turn only.</summary>
internal sealed class SlaveCommands(SiloClock clock, SiloTelemetry telemetry) : ICommandSink
{
    /// <summary>The way to each slave, by its index.</summary>
    public ISlaveSink[] SlaveSinks { get; set; } = [];

    /// <summary>When the sample came that is being routed.</summary>
    public Timestamp Received { get; set; }

    /// <summary>Lets time pass on the ways to the slaves.</summary>
    public void Tick(in Timestamp now, bool isLed)
    {
        foreach (var outlet in SlaveSinks)
            outlet.Tick(now, isLed);
    }

    /// <inheritdoc/>
    public void Command(int slave, in SampleStamp stamp, ReadOnlySpan<double> positions)
    {
        SlaveSinks[slave].Send(stamp, positions);
        telemetry.CountCommand();
        if (telemetry.RouteTime.Enabled)
            telemetry.RouteTime.Record((clock.Monotonic() - Received.Monotonic) / 1000.0);
    }
}
