using Armada.Devices.ServoBus;

namespace Armada.EdgeAgent.Devices;

/// <summary>Runs one arm on an open bus.</summary>
internal interface IArmLoop
{
    /// <summary>Starts the arm and runs it on the calling thread until it is canceled; torque is off when it returns or throws.</summary>
    /// <param name="bus">A bus on an open port.</param>
    /// <param name="running">Told when the arm has started.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Armada.Devices.Serial.SerialLostException">The port is gone.</exception>
    /// <exception cref="ArmNotReadyException">The arm cannot be run as it is.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    void Run(FeetechBus bus, Action running, CancellationToken cancellation);
}

/// <summary>An arm that cannot be run as it is; the message names the reason and what to do. Tried again until it can.</summary>
internal sealed class ArmNotReadyException(string message) : Exception(message);
