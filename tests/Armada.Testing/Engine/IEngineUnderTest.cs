using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Testing.Engine;

/// <summary>A running engine and the world around it, as its conformance suite needs them.</summary>
public interface IEngineUnderTest : IAsyncDisposable
{
    /// <summary>The ways to the same robots: of a cluster one for each process, otherwise one. New ones after a restart.</summary>
    IReadOnlyList<IRobotEngine> Doors { get; }

    /// <summary>The engine's clocks now; it may go on by itself, or with <see cref="PassAsync"/> alone.</summary>
    Timestamp Now { get; }

    /// <summary>Ends the engine and begins it again on the same storage.</summary>
    Task RestartAsync();

    /// <summary>Lets time pass, with all that is due meanwhile.</summary>
    Task PassAsync(TimeSpan time);

    /// <summary>A device sends a state frame.</summary>
    void Send(string device, in SampleStamp stamp, ReadOnlySpan<double> positions);

    /// <summary>Every write of a robot's document fails until the result is disposed; the errors logged for it are expected.</summary>
    IDisposable BreakStorage(string robot);

    /// <summary>Puts a document into storage, whatever it holds, as another release may have; lets the error pass that is logged when it is set aside.</summary>
    Task StoreAsync(RobotDocument document);

    /// <summary>Lets the error pass that is logged when a party throws.</summary>
    void ExpectPartyFault();
}
