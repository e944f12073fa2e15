using System.Text.Json.Serialization;

namespace Armada.Silo.Api;

[JsonSerializable(typeof(NewRobot))]
[JsonSerializable(typeof(RobotSettings))]
[JsonSerializable(typeof(DeviceBinding))]
[JsonSerializable(typeof(Page<RobotView>))]
[JsonSerializable(typeof(RobotStateView))]
[JsonSerializable(typeof(MasterView))]
[JsonSerializable(typeof(Page<SlaveView>))]
[JsonSerializable(typeof(FleetView))]
[JsonSerializable(typeof(ReadinessView))]
internal sealed partial class ApiJson : JsonSerializerContext;
