using Armada.Core.Robots;

namespace Armada.Silo.Engine;

/// <summary>Links to other services' robots, one for each bound remote slave.</summary>
internal interface IRemoteSlaves
{
    /// <summary>Makes the links of a robot those that it has bound. Called inside the robot's turn; returns at once and never throws.</summary>
    /// <param name="robot">Robot id.</param>
    /// <param name="remotes">Its remote slaves; empty where it has none or is gone.</param>
    void Reconcile(string robot, IReadOnlyList<SlaveBinding> remotes);
}
