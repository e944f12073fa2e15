using Armada.Core.Robots;

namespace Armada.Core.Engine;

/// <summary>Runs robots in this process for an engine that decides where they live and what is stored.</summary>
public interface IRobotHosting
{
    /// <summary>Begins a robot: its core runs, and its devices are routed to it.</summary>
    /// <param name="document">The robot as it is stored.</param>
    /// <param name="isFleetStopped">Whether the fleet's stop is latched.</param>
    /// <param name="storage">Where its changes go.</param>
    IHostedRobot Begin(RobotDocument document, bool isFleetStopped, IRobotStorage storage);

    /// <summary>Ids of the robots that run here now.</summary>
    IReadOnlyCollection<string> Here { get; }

    /// <summary>Takes state frames of a device that came another way than over the link.</summary>
    /// <param name="robot">Robot id.</param>
    /// <param name="device">Device name.</param>
    /// <param name="states">One or more state frames, as on the device's state topic.</param>
    /// <returns>False where the device is none of that robot's, or the robot does not run here.</returns>
    bool TakeState(string robot, string device, ReadOnlySpan<byte> states);
}

/// <summary>One robot that runs in this process, one turn at a time. Members may be called from any thread.</summary>
/// <remarks>Disposing ends it after the turns that are queued: no device is routed to it from then on, and its parties are told.</remarks>
public interface IHostedRobot : IAsyncDisposable
{
    /// <summary>Robot id.</summary>
    string Id { get; }

    /// <summary>The robot as it is after the turns before.</summary>
    Task<RobotReply> LookAsync(CancellationToken cancellation);

    /// <summary>Asks something and waits for it and its effects; a stop goes ahead of everything that waits.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellation">Ends the wait, not the turn.</param>
    Task<RobotReply> AskAsync(RobotRequest request, CancellationToken cancellation);

    /// <summary>Whether a binding would be refused as things stand.</summary>
    Task<RobotReply> CheckAsync(RobotRequest request, CancellationToken cancellation);

    /// <summary>Connects a party; refused where its name is taken.</summary>
    Task<RobotReply> ConnectAsync(IRobotSession party, CancellationToken cancellation);

    /// <summary>Disconnects a party; its lease ends, and as a slave it leaves. Nothing where it is not connected.</summary>
    Task DisconnectAsync(IRobotSession party, string reason);
}

/// <summary>Where one robot's document is kept.</summary>
public interface IRobotStorage
{
    /// <summary>Why nothing can be made durable just now, in words, or null where nothing speaks against it; answers at once.</summary>
    string? Obstacle => null;

    /// <summary>Makes the document durable; gives null, or why it is not, in words. Asked for one write at a time.</summary>
    ValueTask<string?> SaveAsync(RobotDocument document);
}
