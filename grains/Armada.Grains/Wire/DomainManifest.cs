using Armada.Core.Access;
using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Motions;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Grains.Wire;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Configuration;

[assembly: TypeManifestProvider(typeof(DomainManifest))]

namespace Armada.Grains.Wire;

/// <summary>
/// What the serializer is told of the Domain's values, which carry no attributes of its own: the name by which another process knows
/// each, whatever its .NET name, and that none is ever copied, because none ever changes.
/// </summary>
/// <remarks>
/// Silos of two builds talk to each other during an upgrade, and what an older build stored is read by a newer one: a new member of a
/// value gets the next free id of its form, and no id or alias is ever changed or used again.
/// </remarks>
internal sealed class DomainManifest : TypeManifestProviderBase
{
    /// <inheritdoc/>
    protected override void ConfigureInner(TypeManifestOptions options)
    {
        Add<Refusal>(options, "armada.refusal");
        Add<RobotReply>(options, "armada.robot.reply");
        Add<Joint>(options, "armada.joint");
        Add<RobotModel>(options, "armada.robot.model");
        Add<MasterBinding>(options, "armada.master.binding");
        Add<JointMapping>(options, "armada.joint.tune");
        Add<SlaveBinding>(options, "armada.slave.binding");
        Add<DeviceAssignment>(options, "armada.device.claim");
        Add<RoomName>(options, "armada.room");
        Add<RobotDocument>(options, "armada.robot.document");
        Add<RobotSnapshot>(options, "armada.robot.snapshot");
        Add<JointState>(options, "armada.joint.state");
        Add<MasterSnapshot>(options, "armada.master.snapshot");
        Add<PlaySnapshot>(options, "armada.play.snapshot");
        Add<SlaveSnapshot>(options, "armada.slave.snapshot");
        Add<JointPose>(options, "armada.joint.pose");
        Add<SampleStamp>(options, "armada.stamp");
        Add<FrameCounts>(options, "armada.frame.counts");
        Add<JointReading>(options, "armada.joint.reading");
        Add<Effect.Note>(options, "armada.note");
        Add<JointGoal>(options, "armada.joint.goal");
        Add<JointCommand>(options, "armada.joint.command");
        Add<SequenceCommand>(options, "armada.sequence.command");
        Add<Sequence>(options, "armada.sequence");
        Add<SequenceMotion>(options, "armada.sequence.motion");
        Add<KeptSequence>(options, "armada.sequence.kept");
        Add<ExpectedVersion>(options, "armada.sequence.expected");
        Add<SequenceAnswer>(options, "armada.sequence.answer");
        Add<KeyDocument>(options, "armada.key.document");
        Add<KeySet>(options, "armada.key.roll");
        Add<KeyWrite>(options, "armada.key.write");
        options.Copiers.Add(typeof(ShallowCopier<RobotRequest>));
        Add<RobotRequest.BindMaster>(options, "armada.request.bind-master");
        Add<RobotRequest.UnbindMaster>(options, "armada.request.unbind-master");
        Add<RobotRequest.AttachRemote>(options, "armada.request.attach-remote");
        Add<RobotRequest.DetachRemote>(options, "armada.request.detach-remote");
        Add<RobotRequest.Heartbeat>(options, "armada.request.heartbeat");
        Add<RobotRequest.RemoteCommand>(options, "armada.request.remote-command");
        Add<RobotRequest.Manual>(options, "armada.request.manual");
        Add<RobotRequest.Play>(options, "armada.request.play");
        Add<RobotRequest.Steer>(options, "armada.request.steer");
        Add<RobotRequest.BindSlave>(options, "armada.request.bind-slave");
        Add<RobotRequest.UnbindSlave>(options, "armada.request.unbind-slave");
        Add<RobotRequest.JoinSlave>(options, "armada.request.join-slave");
        Add<RobotRequest.LeaveSlave>(options, "armada.request.leave-slave");
        Add<RobotRequest.SlavePace>(options, "armada.request.slave-pace");
        Add<RobotRequest.SlaveReport>(options, "armada.request.slave-report");
        Add<RobotRequest.Stop>(options, "armada.request.stop");
        Add<RobotRequest.Reset>(options, "armada.request.reset");
        Add<RobotRequest.FleetStop>(options, "armada.request.fleet-stop");
        Add<RobotRequest.Configure>(options, "armada.request.configure");
    }

    private static void Add<T>(TypeManifestOptions options, string alias)
    {
        options.WellKnownTypeAliases.Add(alias, typeof(T));
        options.Copiers.Add(typeof(ShallowCopier<T>));
    }
}
