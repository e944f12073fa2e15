using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Silo.Engine;

/// <summary>Where one slave's commands go. Used inside the cell's turn only; returns at once and never throws.</summary>
internal interface ISlaveSink
{
    /// <summary>The slave's next command.</summary>
    /// <param name="stamp">Epoch, sequence of this slave's commands, the master's capture time, time to live.</param>
    /// <param name="positions">One position per joint, offsets added; NaN where nothing is commanded.</param>
    void Send(in SampleStamp stamp, ReadOnlySpan<double> positions);

    /// <summary>Lets time pass, for a way that sends less often than it is given commands.</summary>
    /// <param name="now">The time.</param>
    /// <param name="isLed">Whether a master's lease lives and nothing is stopped.</param>
    void Tick(in Timestamp now, bool isLed)
    {
    }
}
