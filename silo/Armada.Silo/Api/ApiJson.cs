using System.Text.Json.Serialization;

namespace Armada.Silo.Api;

[JsonSerializable(typeof(NewRobot))]
[JsonSerializable(typeof(RobotSettings))]
[JsonSerializable(typeof(MasterBody))]
[JsonSerializable(typeof(SlaveBody))]
[JsonSerializable(typeof(CommandBody))]
[JsonSerializable(typeof(RemoteCommandBody))]
[JsonSerializable(typeof(HeartbeatBody))]
[JsonSerializable(typeof(SeekBody))]
[JsonSerializable(typeof(Page<RobotView>))]
[JsonSerializable(typeof(RobotStateView))]
[JsonSerializable(typeof(MasterView))]
[JsonSerializable(typeof(Page<SlaveView>))]
[JsonSerializable(typeof(FleetView))]
[JsonSerializable(typeof(ReadinessView))]
internal sealed partial class ApiJson : JsonSerializerContext;
